"""Entry: one message in one language as the crisis page shows it, and how it is made of what is to be published."""

from dataclasses import dataclass, replace
from datetime import datetime

from adapters.cap import CapAlert
from adapters.fragment import fragment, printable
from crisis.channels import Outgoing
from crisis.clock import now


@dataclass(frozen=True, slots=True)
class Entry:
    """One message as the page shows it. ``html`` is an escaped fragment; times are aware."""

    language: str
    key: str
    thread: str
    kind: str
    title: str
    html: str
    issued_at: datetime
    next_update_at: datetime | None = None
    edited_at: datetime | None = None
    replaces: tuple[str, ...] = ()
    """Keys of those that this one corrects or takes back, in the same language."""
    cap: CapAlert | None = None
    """What it is to machines; the same in each of its languages."""

    @property
    def changed_at(self) -> datetime:
        """When a reader would have seen it change last."""
        return self.edited_at or self.issued_at

    @property
    def name(self) -> str:
        """What its own page's address begins with. Given once, and the same in every language where it has a number."""
        return f"message-{self.cap.number}" if self.cap else f"message-{self.key}"


def entry_of(outgoing: Outgoing, cap: CapAlert | None) -> Entry:
    """The entry of a message that is published now."""
    return Entry(
        language=outgoing.language,
        key=outgoing.key,
        thread=outgoing.thread,
        kind=outgoing.kind,
        title=printable(outgoing.title),
        html=str(fragment(outgoing)),
        issued_at=outgoing.issued_at or now(),
        next_update_at=outgoing.next_update_at,
        replaces=_replaced(outgoing),
        cap=cap,
    )


def edited(held: Entry, outgoing: Outgoing) -> Entry:
    """The entry with the new text, marked as changed; unchanged where the text is the same, as when an edit is repeated."""
    new = replace(
        held, title=printable(outgoing.title), html=str(fragment(outgoing)), next_update_at=outgoing.next_update_at
    )
    return held if new == held else replace(new, edited_at=outgoing.issued_at or now())


def _replaced(outgoing: Outgoing) -> tuple[str, ...]:
    """A correction corrects what was said last; a retraction takes back all that the message said."""
    keys = tuple(earlier.key for earlier in outgoing.earlier)
    return keys if outgoing.kind == "retraction" else keys[:1] if outgoing.kind == "correction" else ()
