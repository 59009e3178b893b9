"""Rendered: the text of one channel in one language before it is approved, and whether the channel takes it."""

from collections.abc import Mapping
from dataclasses import dataclass

from crisis.channels import Capabilities, Unit
from crisis.messages.faults import Fault
from crisis.messages.lengths import Length

CRISIS_PAGE = "website"
"""The channel people are told to look at, wherever else a message goes."""

CHANNEL_NAMES: Mapping[str, str] = {
    CRISIS_PAGE: "Crisis page",
    "wordpress": "WordPress",
    "facebook": "Facebook",
    "twitter": "X",
    "sms": "SMS",
    "finn": "FINN.no",
    "linkedin": "LinkedIn",
    "slideshare": "SlideShare",
    "youtube": "YouTube",
}
"""What the editors call each channel; one that is not here goes by its own name."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What would go out. ``text`` is complete in itself; ``html`` is there for channels that publish pages."""

    channel: str
    language: str
    language_name: str
    """What the language calls itself, for the editors."""
    title: str
    text: str
    html: str | None
    length: Length
    """Of ``text``, in the channel's unit; in characters where it has no limit."""
    parts: tuple[tuple[str, int], ...] = ()
    """What the editor wrote of it and how long each is, in the terms of ``length.used``."""


def check(rendered: Rendered, capabilities: Capabilities) -> list[str]:
    """Why the channel would refuse this, with the numbers; empty when it fits."""
    return [fault.said for fault in faults(rendered, capabilities)]


def faults(rendered: Rendered, capabilities: Capabilities) -> list[Fault]:
    """The same, for a page to say in words of its own: what, where, and by how much."""
    limit, length = capabilities.limit, rendered.length
    named = f"{CHANNEL_NAMES.get(rendered.channel, rendered.channel)}, {rendered.language_name}"
    language, found = rendered.language, []
    if length.unit is Unit.WEIGHTED and length.offenders:
        where = ", ".join(f"U+{ord(each.character):04X} at {each.position + 1}" for each in length.offenders)
        said = f"{named}: it takes no text with {where}. Delete that character."
        found.append(Fault("refused_character", said, language, values={"channel": rendered.channel, "where": where}))
    if limit is None or length.count <= limit.most:
        return found
    room = length.room(limit.most)
    said = f"{named}: {length.count} of {limit.most}."
    if length.encoding:
        said = (
            f"{named}: {length.count} parts of {limit.most}. "
            f"It is {length.used} long in {length.encoding}, and {limit.most} hold {room}."
        )
    lengths = [f"the {name} is {size}" for name, size in rendered.parts]
    lengths[1:] = [each.replace(" is ", " ") for each in lengths[1:]]
    # Parts of an SMS may end one short of full, where a pair would be split.
    over = max(1, length.used - room)
    said = f"{said} Shorten by {over}{': ' + _listed(lengths) if lengths else ''}.{_costly(length)}"
    values = {"channel": rendered.channel, "count": length.count, "most": limit.most, "over": over, "unit": length.unit}
    found.append(Fault("too_long_for_channel", said, language, values=values))
    return found


def _listed(items: list[str]) -> str:
    return " and ".join([*([", ".join(items[:-1])] if items[1:] else []), items[-1]])


def _costly(length: Length) -> str:
    """Which characters make an SMS so long."""
    if length.unit is not Unit.SEGMENTS or not length.offenders:
        return ""
    first = {each.character: each.position + 1 for each in reversed(length.offenders)}
    named = [f"{character!r} at {position}" for character, position in sorted(first.items(), key=lambda each: each[1])]
    more = f" and {len(named) - 5} more" if len(named) > 5 else ""  # noqa: PLR2004 - a list to read, not to count
    return f" Without {', '.join(named[:5])}{more} a part would hold 153 instead of 67."
