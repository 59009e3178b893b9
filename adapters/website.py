"""The municipality's own crisis page: static files that any web server can serve, with or without the rest of us.

It is there in peace too: :meth:`Website.keep` writes it before the first message and again when the crisis is over, and has it
copied to a second place.

It needs no account of its own and no credentials. A reference is ``<language>/<key>``. Publishing a key again leaves the
one entry as it was, so an unknown outcome may simply be tried again.

What follows comes on top of the same page, and what was said before stays below it: a message keeps its words, its place and
its link, and one that was corrected or taken back says so in front of them, with the way to the message that says why.

Sent means: the file is on the disk under its public name. :meth:`Website.look` then looks at it from the outside.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from jinja2 import TemplateNotFound

from adapters.cap import issue
from adapters.crisis_page import CrisisPage
from adapters.entry import Entry, edited, entry_of
from adapters.page_failure import failure
from adapters.second_place import SecondPlace
from adapters.transport import Guard
from adapters.visit import Visitor, has_time, lacks_words
from crisis.channels import (
    AccountRef,
    Callback,
    Capabilities,
    Channel,
    ChannelSetup,
    Finding,
    FollowUp,
    Found,
    Gone,
    Misconfigured,
    Outgoing,
    Receipt,
    ReceiptStatus,
    Rejected,
    Sighting,
    Unsupported,
)
from crisis.mode import Mode


class Website(Channel):
    """The crisis page of one mode. Raises :class:`Misconfigured` when an exercise is pointed at the public's folder."""

    def __init__(self, setup: ChannelSetup) -> None:
        self.name = "website"
        self.capabilities = Capabilities(
            unit_posts=False,
            ours=True,
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
            self._page = CrisisPage(setup, folder)
        except TemplateNotFound as error:
            raise Misconfigured(
                f"The crisis page's template {error.name} is not in {setup.templates_dir}. No page can be written. "
                "Check CRISIS_TEMPLATES_DIR, or install again."
            ) from error
        self._folder, self._mode = folder, setup.mode
        self._second = SecondPlace(folder, setup.second_public_dir) if setup.second_public_dir else None
        self._kept: Mapping[str, datetime] | None = None
        self._address = setup.crisis_page_url
        self._visitor = Visitor(Guard(setup.allowed_hosts), call_seconds=setup.call_seconds)
        self._wait_seconds = setup.call_seconds / 2

    async def publish(self, account: AccountRef, outgoing: Outgoing) -> Receipt:  # noqa: ARG002 - one page, no account
        receipt = await asyncio.to_thread(self._publish, outgoing)
        self._copy()
        return receipt

    async def edit(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Receipt:  # noqa: ARG002
        receipt = await asyncio.to_thread(self._edit, reference, outgoing)
        self._copy()
        return receipt

    async def withdraw(self, account: AccountRef, reference: str) -> None:  # noqa: ARG002
        await asyncio.to_thread(self._withdraw, reference)
        self._copy()

    async def read_back(self, account: AccountRef, reference: str) -> Finding:  # noqa: ARG002
        return await asyncio.to_thread(self._read_back, *self._named(reference))

    async def reconcile(self, account: AccountRef, outgoing: Outgoing, since: datetime) -> Finding:  # noqa: ARG002
        """Yes when the entry is kept and readers have it: on the page, or by itself where the page is about something newer."""
        return await asyncio.to_thread(self._read_back, *self._named(f"{outgoing.language}/{outgoing.key}"))

    async def look(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Sighting:  # noqa: ARG002
        """Fetch the page from its public address, as a reader would: are the words there, and this revision's time?"""
        language, key = self._named(reference)
        if not self._address:
            return Sighting(
                Found.CANNOT_TELL,
                "Nobody has said where the public reads the crisis page, so it was not looked at. Set CRISIS_CRISIS_PAGE_URL.",
            )
        if await asyncio.to_thread(self._is_past, language, key):
            return Sighting(Found.CANNOT_TELL, "The crisis page is about a newer crisis by now, or the crisis is over.")
        name = self._page.names.page(language)
        address = self._address if name == "index.html" else f"{self._address.rstrip('/')}/{name}"

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

    async def keep(self, over: Mapping[str, datetime]) -> None:
        """Write every page from what is kept: the first time in this process, when a crisis has ended, and when they are gone."""
        await asyncio.to_thread(self._keep, dict(over))
        self._copy()

    async def faults(self) -> Sequence[tuple[str, str]]:
        """A page that is missing, and a second place that is behind."""
        found = []
        if not self._page.is_written():
            found.append(
                (f"{self._folder} has no crisis page.", "A worker of this mode writes it when it starts: start one.")
            )
        if self._second is not None:
            fault = await asyncio.to_thread(self._second.fault, self._wait_seconds)
            if fault:
                found.append(
                    (fault, "Is it mounted, has it room, and may the worker's user write there? It mends itself then.")
                )
        return found

    def _publish(self, outgoing: Outgoing) -> Receipt:
        language, key = self._named(f"{outgoing.language}/{outgoing.key}")
        if outgoing.mode is not self._mode:
            raise Rejected(
                f"This is the crisis page of mode {self._mode}, and the message is of mode {outgoing.mode}. Nothing was written. "
                "Find out who sent it here."
            )
        with self._writing() as step:
            others, entry = self._parted(language, key)
            if entry is None:
                issued = (each.cap for each in others if each.cap)
                entry = entry_of(outgoing, issue(outgoing, self._page.names.host, issued))
                self._page.entries.put(entry)
            step.placed = True
            self._page.update(entry, others)
        return self._receipt(language, key)

    def _edit(self, reference: str, outgoing: Outgoing) -> Receipt:
        language, key = self._named(reference)
        with self._writing() as step:
            others, held = self._parted(language, key)
            if held is None:
                raise Gone(
                    f"The crisis page has no message {reference} to change: it was withdrawn, or never published. "
                    "Publish the text as a new message."
                )
            entry = edited(held, outgoing)
            self._page.entries.put(entry)
            step.placed = True
            self._page.update(entry, others)
        return self._receipt(language, key)

    def _withdraw(self, reference: str) -> None:
        language, key = self._named(reference)
        with self._writing() as step:
            self._page.entries.remove(language, key)
            step.placed = True
            self._page.rebuild(first=language)

    def _keep(self, over: Mapping[str, datetime]) -> None:
        if self._kept == over and self._page.is_written():
            return
        with self._writing():
            if self._page.entries.over() != over:
                self._page.entries.end(over)
            self._page.rebuild()
        self._kept = over

    @contextmanager
    def _writing(self) -> Iterator["_Step"]:
        """Hold the page against everyone else who writes it, and say what a failure means."""
        step = _Step()
        try:
            with self._page.entries.lock(self._wait_seconds):
                yield step
        except OSError as error:
            self._kept = None  # the next upkeep writes everything
            raise failure(error, self._folder, placed=step.placed, waited=self._wait_seconds) from error

    def _copy(self) -> None:
        if self._second is not None:
            self._second.nudge()

    def _read_back(self, language: str, key: str) -> Finding:
        try:
            held = self._page.entries.find(language, key)
            text = self._page.text_of(held) if held else None
        except (OSError, ValueError):
            return Finding(Found.CANNOT_TELL)
        if text is None:
            return Finding(Found.NO)
        return Finding(Found.YES, reference=f"{language}/{key}", url=self._page.url(language), text=text)

    def _is_past(self, language: str, key: str) -> bool:
        """Whether the page is about something else by now. An entry that cannot be read says nothing: look at the page."""
        try:
            held = self._page.entries.find(language, key)
            return held is not None and not self._page.is_about(held)
        except (OSError, ValueError):
            return False

    def _parted(self, language: str, key: str) -> tuple[list[Entry], Entry | None]:
        """The other entries, and this one; one that can no longer be read counts as missing, so that publishing mends it."""
        every = self._page.entries.all()
        others = [each for each in every if (each.language, each.key) != (language, key)]
        return others, next((each for each in every if (each.language, each.key) == (language, key)), None)

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


@dataclass(slots=True)
class _Step:
    """How far a change has come."""

    placed: bool = False
    """What is kept has changed, so that the pages may be half written."""


def build(setup: ChannelSetup) -> Channel:
    """The crisis page for one mode."""
    return Website(setup)
