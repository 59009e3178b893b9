"""Draft: a revision that is being written, with what its pages need to know around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.desk.visit import Visit
from crisis.activations import service as activations
from crisis.activations.models import Activation
from crisis.errors import NotFound
from crisis.messages import drafts, unfinished
from crisis.messages.content import is_untouched, read_contents
from crisis.messages.hints.service import outdated
from crisis.messages.models import Message, Revision
from crisis.tongue import languages
from crisis.tongue.texts import lazily as N_

ADVICE: Final = "what_to_do"
FIELDS: Final = ("headline", "what_happened", "where", ADVICE, "leads", "contact", "short")
"""In the order they are written in."""
STATES: Final[Mapping[str, str]] = {
    "done": N_("ferdig"),
    "begun": N_("ikke ferdig"),
    "missing": N_("mangler"),
    "outdated": N_("utdatert"),
}
"""Of a language of a message."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One language of a draft: its name in the reader's language, and how far it has come."""

    language: str
    name: str
    state: str
    """A key of ``STATES``."""
    said: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One revision of one message of one activation."""

    revision: Revision
    message: Message
    activation: Activation

    @property
    def path(self) -> str:
        """The composer's address of it."""
        return f"/messages/{self.message.id}/revisions/{self.revision.id}"


async def load(visit: Visit, message_id: int, revision_id: int) -> Draft:
    """The draft, and the page in its world. Raises :class:`crisis.errors.NotFound`, also for another message's revision."""
    async with visit.crisis.db.transaction() as session:
        revision = await drafts.get(session, revision_id)
        if revision.message_id != message_id:
            raise NotFound("revision", revision_id)
        message = await session.get_one(Message, message_id)
        activation = await activations.get(session, message.activation_id)
    visit.mode = message.mode
    return Draft(revision, message, activation)


def language(visit: Visit, asked: object) -> str:
    """The message language that was asked for, or the primary one."""
    known = visit.crisis.settings.languages
    return str(asked) if asked in known else known[0]


def language_name(visit: Visit, language: str) -> str:
    """``engelsk`` to whoever reads Norwegian, ``English`` to whoever reads that."""
    return languages.named(language, visit.language, visit.gettext)


def tabs(visit: Visit, revision: Revision) -> Sequence[Tab]:
    """Every language a message here can have, the primary first."""
    known = visit.crisis.settings.languages
    whole, _ = read_contents(revision.contents, known)
    old = outdated(revision.part_saves, known)

    def state(language: str) -> str:
        if is_untouched(revision.contents.get(language)):
            return "missing"
        if language not in whole:
            return "begun"
        return "outdated" if language in old else "done"

    found = [(language, state(language)) for language in known]
    return [Tab(each, language_name(visit, each), said, visit.gettext(STATES[said])) for each, said in found]


def unfinished_translations(visit: Visit, revision: Revision) -> list[str]:
    """Languages that are begun and cannot go out: they wait, and hold nothing back."""
    return [tab.language for tab in tabs(visit, revision)[1:] if tab.state == "begun"]


def typed(form: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in a form's fields of one language. Advice is a line each; empty lines are none.

    Raises :class:`crisis.errors.Invalid` for what no draft can hold.
    """
    fields: dict[str, Any] = {}
    for name in FIELDS:
        text = str(form.get(name, "")).replace("\r\n", "\n").replace("\r", "\n")
        fields[name] = [line for line in text.split("\n") if line.strip()] if name == ADVICE else text
    return unfinished.typed_text(fields)


def shown(fields: Mapping[str, Any]) -> dict[str, str]:
    """Fields of one language as the form shows them."""
    return {name: "\n".join(fields.get(name) or []) if name == ADVICE else fields.get(name) or "" for name in FIELDS}
