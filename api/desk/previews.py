"""Previews: each channel's text as the thing itself, with its true length in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from babel.numbers import format_decimal

from api.desk.channels import channel_name
from api.desk.visit import Visit
from crisis.channels import Unit
from crisis.messages.lengths import UCS_2, Length
from crisis.messages.plan import Plan, Preview


@dataclass(frozen=True, slots=True)
class Shown:
    """One channel and language. ``look`` is how it is drawn: page, post, tweet or phone."""

    channel: str
    name: str
    look: str
    language: str
    accounts: Sequence[str]
    title: str
    text: str
    html: str | None
    counted: str
    costly: str
    """What makes a text message dearer, with the character and its place; empty where nothing does."""
    is_over: bool


def previews(visit: Visit, plan: Plan, language: str | None = None) -> list[Shown]:
    """What each channel would carry, in one language or in all of them."""
    return [_shown(visit, each) for each in plan.previews if language in {None, each.language}]


def retractions(visit: Visit, plan: Plan) -> list[Shown]:
    """What would be said if it proved a false alarm."""
    return [_shown(visit, each) for each in plan.retraction]


def _shown(visit: Visit, preview: Preview) -> Shown:
    rendered = preview.rendered
    looks = {Unit.WEIGHTED: "tweet", Unit.SEGMENTS: "phone"}
    look = "page" if rendered.html is not None else looks.get(rendered.length.unit, "post")
    limit = visit.crisis.capabilities[preview.channel].limit
    return Shown(
        channel=preview.channel,
        name=channel_name(visit, preview.channel),
        look=look,
        language=preview.language,
        accounts=preview.accounts,
        title=rendered.title,
        text=rendered.text,
        html=rendered.html,
        counted=_counted(visit, rendered.length, limit.most if limit else None),
        costly=_costly(visit, rendered.length),
        is_over=bool(preview.faults),
    )


def _counted(visit: Visit, length: Length, most: int | None) -> str:
    count = format_decimal(length.count, locale=visit.language)
    if length.unit is Unit.SEGMENTS:
        room = length.room(length.count)
        parts = visit.ngettext("%(num)s del", "%(num)s deler", length.count)
        used = visit.gettext("%(used)s av %(room)s tegn", used=length.used, room=room)
        return f"{parts}, {used}"
    if length.unit is Unit.WEIGHTED:
        return visit.gettext("%(used)s av %(room)s tegn", used=count, room=most or 0)
    return visit.gettext("%(used)s tegn", used=count)


def _costly(visit: Visit, length: Length) -> str:
    if length.encoding != UCS_2 or not length.offenders:
        return ""
    first = length.offenders[0]
    return visit.gettext(
        "Tegnet «%(character)s» (nummer %(place)s) gjør at hver del bare rommer 70 tegn, ikke 160.",
        character=first.character,
        place=first.position + 1,
    )
