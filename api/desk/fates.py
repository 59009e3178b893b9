"""Fates: what the desk says became of a unit's post, to whoever wrote it. See :class:`crisis.posts.fate.Fate`."""

from collections.abc import Mapping
from typing import Final

from api.desk.channels import channel_name
from api.desk.visit import Visit
from crisis import clock
from crisis.activations.models import Activation
from crisis.deliveries.states import DeliveryState
from crisis.posts.fate import Fate, fate_of
from crisis.posts.standing import Standing
from crisis.schedules.models import PlannedState
from crisis.tongue import times
from crisis.tongue.texts import lazily as N_

FATES: Final[Mapping[Fate, str]] = {
    Fate.NEEDS_PERSON: N_("Det kan være ute: vi så etter og fant ikke ut av det. Se på kontoen, og si hva du ser."),
    Fate.IN_DOUBT: N_("Det var på vei ut, og vi undersøker om det kom ut. Det sendes ikke på nytt imens."),
    Fate.BLOCKED: N_("Stanset av låsen %(since)s. Det er ikke publisert."),
    Fate.STOPPING: N_(
        "Det venter på tur, men låsen gjelder. Det stanses før det begynner, og teksten blir tatt vare på."
    ),
    Fate.WILL_BE_BLOCKED: N_("Planlagt til %(at)s. Kommer tiden mens låsen gjelder, blir det stanset og tatt vare på."),
    Fate.ON_ITS_WAY: N_("Det er på vei ut."),
    Fate.SCHEDULED: N_("Planlagt til %(at)s."),
    Fate.FAILED: N_("Det kom ikke ut, og prøves ikke igjen."),
    Fate.OUT_ACROSS: N_("Det var på vei ut da låsen falt, og kom ut %(since)s."),
    Fate.OUT_BEFORE: N_("Det gikk ut %(since)s, før låsen."),
    Fate.OUT: N_("Det gikk ut %(since)s."),
    Fate.REWRITTEN: N_("Skrevet om: et nytt innlegg tok plassen."),
    Fate.DROPPED: N_("Det blir ikke publisert."),
}
RELEASED: Final = N_("Går ut %(at)s. De stansede innleggene spres, så ikke alle kommer på én gang.")
TAKEN_BACK: Final = N_("Trukket tilbake %(since)s, før det gikk ut. Det er ikke publisert.")
FROM_PLATFORM: Final = N_("Det lå planlagt i %(channel)s, og ble stanset %(since)s. Det er ikke publisert.")
PLANNED: Final[Mapping[PlannedState, str]] = {
    PlannedState.FOUND: N_("Det tas ut av planen nå. Til det er gjort, kan det gå ut av seg selv."),
    PlannedState.UNSCHEDULED: N_(
        "Det er tatt ut av planen, og går ikke ut av seg selv. Kladden ligger på plattformen."
    ),
    PlannedState.LEFT: N_(
        "Vi får ikke tatt det ut av planen. Ta det ut selv på plattformen, ellers går det ut til sin tid."
    ),
    PlannedState.GONE: N_("Det var ikke der lenger da vi skulle ta det ut: noen har publisert eller slettet det."),
}
"""What became of a post that was scheduled inside its platform."""
_SAID_BY_STATE: Final = frozenset({Fate.ON_ITS_WAY, Fate.OUT, Fate.DROPPED})
_TAKEN_BACK: Final = "taken back before it went out"


def fate_words(visit: Visit, post: Standing, lock: Activation | None) -> str:
    """What became of a post, in a sentence with its times; nothing where the word for its state says it all."""
    fate = fate_of(post, lock, clock.now())
    words = FATES[fate]
    if fate in _SAID_BY_STATE:
        return ""
    if fate is Fate.BLOCKED and post.error == _TAKEN_BACK:
        words = TAKEN_BACK
    elif fate is Fate.BLOCKED and post.origin is not None:
        words = FROM_PLATFORM
    elif fate is Fate.SCHEDULED and post.release_at is not None:
        words = RELEASED
    at, since = (times.moment(each, visit.language) for each in (post.goes_at, post.since))
    return visit.gettext(words, at=at, since=since, channel=channel_name(visit, post.channel))


def waits(post: Standing) -> bool:
    """Its time has not come, and it can be taken back."""
    return set(post.counts) == {DeliveryState.READY.value} and post.goes_at > clock.now()
