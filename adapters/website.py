"""The municipality's own crisis page: static files that any web server can serve, with or without the rest of us.

It needs no account of its own and no credentials. A reference is ``<language>/<key>``. Publishing a key again leaves the
one entry as it was, so an unknown outcome may simply be tried again.

What follows comes on top of the same page, and what was said before stays below it: a message keeps its words, its place and
its link, and one that was corrected or taken back says so in front of them, with the way to the message that says why.

Sent means: the file is on the disk under its public name. :meth:`Website.look` then looks at it from the outside.
"""

import asyncio
import errno
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NoReturn

from jinja2 import TemplateNotFound

from adapters.crisis_page import CrisisPage
from adapters.entries import Entry
from adapters.fragment import fragment, printable
from adapters.transport import Guard
from adapters.visit import Visitor, has_time, lacks_words
from crisis.channels import (
    AccountRef,
    Callback,
    Capabilities,
    Channel,
    ChannelError,
    ChannelSetup,
    Finding,
    FollowUp,
    Found,
    Gone,
    Misconfigured,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    ReceiptStatus,
    Rejected,
    Sighting,
    Unavailable,
    Unsupported,
)
from crisis.clock import now
from crisis.mode import Mode

_FOR_A_PERSON = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR})


class Website(Channel):
    """The crisis page of one mode. Raises :class:`Misconfigured` when an exercise is pointed at the public's folder."""

    def __init__(self, setup: ChannelSetup) -> None:
        self.name = "website"
        self.capabilities = Capabilities(
            unit_posts=False,
            edit=True,
            follow_ups=dict.fromkeys(("update", "correction", "all_clear", "retraction"), FollowUp.NEW_ON_TOP),
            withdraw=True,
            idempotent=True,
            reconcile=True,
            settle_seconds=1.0,
            call_seconds=setup.call_seconds,
            look_seconds=(10.0, 30.0, 120.0, 600.0),  # the page may be cached for a quarter of a minute
        )
        folder = setup.public_dir.resolve()  # links followed: what counts is where the bytes land
        exercise = setup.mode is not Mode.ACTUAL
        if exercise and not any(parent.name == "exercise" for parent in folder.parents):
            raise Misconfigured(
                f"An exercise may not write its crisis page to {folder}: that folder is not inside one named 'exercise', "
                "so the public could be reading it. Nothing was written. Set the exercise's folder to one under .../exercise/."
            )
        try:
            self._page = CrisisPage(
                folder,
                setup.templates_dir,
                municipality=setup.municipality,
                host=setup.crisis_page_host,
                languages=setup.languages,
                exercise=exercise,
            )
        except TemplateNotFound as error:
            raise Misconfigured(
                f"The crisis page's template {error.name} is not in {setup.templates_dir}. No page can be written. "
                "Check CRISIS_TEMPLATES_DIR, or install again."
            ) from error
        self._folder = folder
        self._address = setup.crisis_page_url
        self._visitor = Visitor(Guard(setup.allowed_hosts), call_seconds=setup.call_seconds)
        self._wait_seconds = setup.call_seconds / 2

    async def publish(self, account: AccountRef, outgoing: Outgoing) -> Receipt:  # noqa: ARG002 - one page, no account
        return await asyncio.to_thread(self._publish, outgoing)

    async def edit(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Receipt:  # noqa: ARG002
        return await asyncio.to_thread(self._edit, reference, outgoing)

    async def withdraw(self, account: AccountRef, reference: str) -> None:  # noqa: ARG002
        await asyncio.to_thread(self._withdraw, reference)

    async def read_back(self, account: AccountRef, reference: str) -> Finding:  # noqa: ARG002
        return await asyncio.to_thread(self._read_back, *self._named(reference))

    async def reconcile(self, account: AccountRef, outgoing: Outgoing, since: datetime) -> Finding:  # noqa: ARG002
        """Yes when the entry is kept and the page shows it, or is about a newer thread by now."""
        return await asyncio.to_thread(self._reconcile, *self._named(f"{outgoing.language}/{outgoing.key}"))

    async def look(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Sighting:  # noqa: ARG002
        """Fetch the page from its public address, as a reader would: are the words there, and this revision's time?"""
        language, key = self._named(reference)
        if not self._address:
            return Sighting(
                Found.CANNOT_TELL,
                "Nobody has said where the public reads the crisis page, so it was not looked at. Set CRISIS_CRISIS_PAGE_URL.",
            )
        if await asyncio.to_thread(self._is_past, language, key):
            return Sighting(Found.CANNOT_TELL, "The crisis page is about a newer crisis by now.")
        primary = self._page.file_name(language) == "index.html"
        address = self._address if primary else f"{self._address.rstrip('/')}/{self._page.file_name(language)}"

        def missing(page: str) -> str | None:
            _, found, rest = page.partition(f'id="t-{key}"')
            if not found:
                return "does not have this message: the folder is not the one that is served, or an old copy is."
            if lacks := lacks_words(rest.partition("</article>")[0], outgoing):
                return lacks
            told = outgoing.issued_at is None or has_time(page, outgoing.issued_at)
            return None if told else "has these words, and an older message's time."

        return await self._visitor.look(address, missing)

    def parse_receipts(self, callback: Callback) -> Sequence[Receipt]:  # noqa: ARG002
        raise Unsupported("The crisis page is a file of our own; nobody reports back about it.")

    def answer_challenge(self, query: Mapping[str, str]) -> str:  # noqa: ARG002
        raise Unsupported("The crisis page is a file of our own; nobody subscribes us to it.")

    async def close(self) -> None:
        await self._visitor.close()

    async def rebuild(self) -> None:
        """Write every page from what is kept: before the first message, after a restore, after a new release."""
        await asyncio.to_thread(self._rebuild)

    def _publish(self, outgoing: Outgoing) -> Receipt:
        language, key = self._named(f"{outgoing.language}/{outgoing.key}")
        placed = False
        try:
            with self._page.entries.lock(self._wait_seconds):
                if self._found(language, key) is None:
                    self._page.entries.put(_entry(outgoing))
                placed = True
                self._page.rebuild(first=language)
        except OSError as error:
            self._fail(error, placed=placed)
        return self._receipt(language, key)

    def _edit(self, reference: str, outgoing: Outgoing) -> Receipt:
        language, key = self._named(reference)
        placed = False
        try:
            with self._page.entries.lock(self._wait_seconds):
                held = self._found(language, key)
                if held is None:
                    raise Gone(
                        f"The crisis page has no message {reference} to change: it was withdrawn, or never published. "
                        "Publish the text as a new message."
                    )
                self._page.entries.put(_edited(held, outgoing))
                placed = True
                self._page.rebuild(first=language)
        except OSError as error:
            self._fail(error, placed=placed)
        return self._receipt(language, key)

    def _withdraw(self, reference: str) -> None:
        language, key = self._named(reference)
        placed = False
        try:
            with self._page.entries.lock(self._wait_seconds):
                self._page.entries.remove(language, key)
                placed = True
                self._page.rebuild(first=language)
        except OSError as error:
            self._fail(error, placed=placed)

    def _rebuild(self) -> None:
        try:
            with self._page.entries.lock(self._wait_seconds):
                self._page.rebuild()
        except OSError as error:
            self._fail(error, placed=False)

    def _read_back(self, language: str, key: str) -> Finding:
        try:
            text = self._page.text_of(language, key)
        except (OSError, ValueError):
            return Finding(Found.CANNOT_TELL)
        if text is None:
            return Finding(Found.NO)
        return Finding(Found.YES, reference=f"{language}/{key}", url=self._page.url(language), text=text)

    def _reconcile(self, language: str, key: str) -> Finding:
        try:
            held = self._page.entries.find(language, key)
            shown = held is not None and self._page.shows_thread_of(held)
        except (OSError, ValueError):
            return Finding(Found.CANNOT_TELL)
        if held is None:
            return Finding(Found.NO)
        if shown:
            return self._read_back(language, key)
        return Finding(Found.YES, reference=f"{language}/{key}", url=self._page.url(language))

    def _is_past(self, language: str, key: str) -> bool:
        """Whether the page is about a newer thread. An entry that cannot be read says nothing: look at the page."""
        try:
            held = self._page.entries.find(language, key)
            return held is not None and not self._page.shows_thread_of(held)
        except (OSError, ValueError):
            return False

    def _found(self, language: str, key: str) -> Entry | None:
        """The entry; one that can no longer be read counts as missing, so that publishing mends it."""
        try:
            return self._page.entries.find(language, key)
        except ValueError:
            return None

    def _named(self, reference: str) -> tuple[str, str]:
        language, _, key = reference.partition("/")
        try:
            self._page.entries.path(language, key)
        except ValueError:
            raise Rejected(
                f"{reference!r} is not a message on the crisis page: it needs a language tag and a delivery's id, as in nb/17."
            ) from None
        return language, key

    def _receipt(self, language: str, key: str) -> Receipt:
        return Receipt(f"{language}/{key}", ReceiptStatus.ACCEPTED, key=key, url=self._page.url(language))

    def _fail(self, error: OSError, *, placed: bool) -> NoReturn:
        raise self._failure(error, placed=placed) from error

    def _failure(self, error: OSError, *, placed: bool) -> ChannelError:
        what = error.strerror or type(error).__name__
        if placed:
            return OutcomeUnknown(
                f"The crisis page in {self._folder} was only partly rewritten ({what}); readers may have the old or the new one. "
                "It is tried again from what is kept."
            )
        if isinstance(error, TimeoutError):
            return Unavailable(
                f"Another process has held the lock on {self._folder} for {self._wait_seconds:g} seconds. "
                "Nothing was written; it is tried again."
            )
        if error.errno in _FOR_A_PERSON:
            return Misconfigured(
                f"The crisis page's folder {self._folder} cannot be written to ({what}). Nothing was written. "
                "Give this user the right to write there, or set CRISIS_PUBLIC_DIR."
            )
        return Unavailable(f"The crisis page in {self._folder} could not be written ({what}). It is tried again.")


def _entry(outgoing: Outgoing) -> Entry:
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
    )


def _replaced(outgoing: Outgoing) -> tuple[str, ...]:
    """A correction corrects what was said last; a retraction takes back all that the message said."""
    keys = tuple(earlier.key for earlier in outgoing.earlier)
    return keys if outgoing.kind == "retraction" else keys[:1] if outgoing.kind == "correction" else ()


def _edited(held: Entry, outgoing: Outgoing) -> Entry:
    """The entry with the new text, marked as changed; unchanged where the text is the same, as when an edit is repeated."""
    new = replace(
        held, title=printable(outgoing.title), html=str(fragment(outgoing)), next_update_at=outgoing.next_update_at
    )
    return held if new == held else replace(new, edited_at=outgoing.issued_at or now())


def build(setup: ChannelSetup) -> Channel:
    """The crisis page for one mode."""
    return Website(setup)
