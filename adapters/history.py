"""History: one page for a whole message, the newest words on top and what was said before below, each with its time.

It is made from what we put out, never from what the site holds, so that writing it again writes the same page.
"""

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup, escape

from adapters.fragment import fragment, printable
from adapters.phrases import phrases
from adapters.wording.phrases import Phrases
from crisis.channels import Outgoing

_CORRECTION, _RETRACTION = "correction", "retraction"
_LINE = Markup("<p><strong>{}</strong></p>")


def page_of(outgoing: Outgoing) -> Markup:
    """The fragment of ``outgoing``, and below it those before it. What was corrected or taken back says so before its words."""
    if not outgoing.earlier:
        return fragment(outgoing)
    say = phrases(outgoing.language)
    parts = [fragment(outgoing), Markup("<hr>\n<h3>{}</h3>").format(say.earlier)]
    newer: list[tuple[str, datetime | None]] = [(outgoing.kind, outgoing.issued_at)]
    for earlier in outgoing.earlier:
        parts.append(Markup("<h4>{}</h4>").format(printable(earlier.title)))
        if fate := _fate(say, newer):
            parts.append(_LINE.format(fate))
        published = f"{say.kind(earlier.kind)}. {say.published} {say.moment(earlier.issued_at)}."
        parts += [Markup("<p><em>{}</em></p>").format(published), fragment(earlier)]
        newer.append((earlier.kind, earlier.issued_at))
    return Markup("\n").join(parts)


def _fate(say: Phrases, newer: Sequence[tuple[str, datetime | None]]) -> str:
    """What the messages after it made of one: a correction corrects the last before it, a retraction takes back all."""
    for kind, at in newer:
        if kind == _RETRACTION and at is not None:
            return say.withdrawn.format(at=say.moment(at))
    kind, at = newer[-1]
    return say.corrected.format(at=say.moment(at)) if kind == _CORRECTION and at is not None else ""


def title_of(outgoing: Outgoing) -> str:
    """The headline, escaped: to WordPress a title is HTML too."""
    return str(escape(printable(outgoing.title)))
