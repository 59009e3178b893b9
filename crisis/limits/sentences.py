"""How an account's standing is said, as one or two plain sentences: to the desk in the municipality's own language, so that
they can be read out as they are, and to whoever runs the service in English.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from crisis.clock import OSLO
from crisis.limits.models import BreakerState, Flow, Why


@dataclass(frozen=True, slots=True)
class _Words:
    at: str
    clock: str
    silent: str
    misconfigured: str
    probing: str
    next_try: str
    held: str
    slowed: str
    standby: str


_NB = _Words(
    at="kl. {time}",
    clock="%H.%M",
    silent="{who} svarer ikke siden {since}.",
    misconfigured="{who} godtar ikke innloggingen vår siden {since}. Noen må rette den.",
    probing="Vi prøver nå.",
    next_try="Neste forsøk {at}.",
    held="{who} har bedt oss vente til {at}.",
    slowed="{who} tar imot saktere enn vanlig, så vi sender saktere.",
    standby="{standby} sender i stedet.",
)
_NN = _Words(
    at="kl. {time}",
    clock="%H.%M",
    silent="{who} svarar ikkje sidan {since}.",
    misconfigured="{who} godtek ikkje innlogginga vår sidan {since}. Nokon må rette henne.",
    probing="Vi prøver no.",
    next_try="Neste forsøk {at}.",
    held="{who} har bede oss vente til {at}.",
    slowed="{who} tek imot saktare enn vanleg, så vi sender saktare.",
    standby="{standby} sender i staden.",
)
_EN = _Words(
    at="{time}",
    clock="%H:%M",
    silent="{who} has not answered since {since}.",
    misconfigured="{who} has refused our credentials since {since}. Give the account new ones: crisis accounts connect.",
    probing="Trying now.",
    next_try="Next try at {at}.",
    held="{who} has asked us to wait until {at}.",
    slowed="{who} takes less than usual, so we send more slowly.",
    standby="{standby} sends instead.",
)
WORDS: Mapping[str, _Words] = {"nb": _NB, "nn": _NN, "en": _EN}


def sentence(flow: Flow, who: str, now: datetime, *, language: str = "nb", standby: str | None = None) -> str:
    """What is wrong with an account and when it is tried next: "Facebook svarer ikke siden kl. 05.58. Neste forsøk kl. 05.59."

    Empty when nothing is. ``who`` is the channel's or the account's name, as it begins a sentence; ``standby`` the name of
    the account that sends in its place. ``language`` is nb, nn or en; anything else is said in nb.
    """
    words = WORDS.get(language, _NB)

    def at(moment: datetime) -> str:
        return words.at.format(time=moment.astimezone(OSLO).strftime(words.clock))

    parts = []
    if flow.state is not BreakerState.CLOSED:
        what = words.misconfigured if flow.why is Why.MISCONFIGURED else words.silent
        parts.append(what.format(who=who, since=at(flow.failing_since or now)))
        if flow.next_try_at is not None and flow.next_try_at > now:
            parts.append(words.next_try.format(at=at(flow.next_try_at)))
        else:
            parts.append(words.probing)
    elif flow.held_until is not None and flow.held_until > now:
        parts.append(words.held.format(who=who, at=at(flow.held_until)))
    elif flow.concurrency is not None or flow.per_second is not None:
        parts.append(words.slowed.format(who=who))
    if flow.diverted and standby is not None:
        parts.append(words.standby.format(standby=standby))
    return " ".join(parts)
