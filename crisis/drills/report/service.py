"""Service: what asks for a report: a page, a PDF, a package, in whatever language somebody reads."""

from collections.abc import Mapping
from typing import Protocol, Self

from crisis.channels import Capabilities
from crisis.db import Database
from crisis.drills.report import material, report, typeset
from crisis.drills.report.document import Document
from crisis.drills.report.material import Material, Shelf
from crisis.drills.subject import Subject
from crisis.messages.library import Library
from crisis.roles import Act, Actor, require
from crisis.settings import Settings
from crisis.tongue import texts
from crisis.tongue.tongue import Speaker


class Around(Protocol):
    """What a process has of the domain: what :func:`crisis.bootstrap.crisis_of` puts together."""

    @property
    def settings(self) -> Settings:
        """The installation's."""

    @property
    def db(self) -> Database:
        """Where the log is."""

    @property
    def capabilities(self) -> Mapping[str, Capabilities]:
        """What each channel can do."""

    @property
    def library(self) -> Library:
        """The words for what can happen."""


class Reports:
    """Everything that is read from files is read once."""

    def __init__(self, db: Database, shelf: Shelf, speakers: Mapping[str, Speaker]) -> None:
        self.db, self.shelf, self._speakers = db, shelf, speakers

    @classmethod
    def of(cls, around: Around) -> Self:
        """Raises :class:`crisis.errors.Unready` when a file of texts cannot be read."""
        folder = around.settings.templates_dir
        spoken = {language: Speaker(language, found) for language, found in texts.load(folder).items()}
        return cls(around.db, Shelf.of(around.settings, around.capabilities, around.library), spoken)

    @property
    def speakers(self) -> Mapping[str, Speaker]:
        """Whoever says it in each language."""
        return self._speakers

    @property
    def marker(self) -> str:
        """What marks the messages of an exercise, and whatever else is of one."""
        return self.shelf.judge.words.marker

    def speaker(self, language: str) -> Speaker:
        """Who says it in this language; in the first one where there is no such."""
        return self._speakers.get(language, self._speakers[texts.SOURCE])

    async def read(self, actor: Actor, subject: Subject, act: Act = Act.READ_LOG) -> Material:
        """Everything about a run. Raises :class:`crisis.errors.NotAllowed` and :class:`crisis.errors.NotFound`."""
        require(actor, act)
        async with self.db.transaction() as session:
            return await material.read(session, subject, self.shelf)

    def document(self, found: Material, language: str) -> Document:
        """The report."""
        return report.compose(found, self.speaker(language), self.shelf.judge.words)

    async def pdf(self, found: Material, language: str) -> bytes:
        """The report as a tagged PDF."""
        return await typeset.pdf(self.document(found, language), self.shelf.settings.templates_dir, found.read_at)
