"""Plan: what a real crisis uses of a playbook: its message templates, targets, area, roles and checklists, and nothing else.

Injects and expectations are not here at all, so that nothing of an exercise can come into a crisis by mistake.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations.models import ActivationPlaybook, Carried
from crisis.errors import Invalid
from crisis.messages.library import Blank, Template, left
from crisis.messages.models import Kind
from crisis.mode import Mode
from crisis.playbooks.faults import PlaybookRefused
from crisis.playbooks.models import Area, Id, Languages, MessageTemplate, Part, PlaybookRole, Targets
from crisis.playbooks.shelf import Entry, Shelf
from crisis.playbooks.texts import LANGUAGES, LText
from crisis.targets import TARGETS, Measure

_KEYS: Final = ("id", "version", "title", "targets", "roles", "languages", "blanks", "templates")


class Plan(Part):
    """The parts of a playbook that serve in a real crisis."""

    id: Id
    version: str
    title: LText
    hazard: str
    area: Area
    targets: Targets
    roles: tuple[PlaybookRole, ...]
    languages: Languages
    blanks: Mapping[str, Blank]
    templates: tuple[MessageTemplate, ...]

    @property
    def players(self) -> Sequence[PlaybookRole]:
        """The roles there are in a crisis: who leads an exercise and plays against it is not among them."""
        return [each for each in self.roles if each.side == "players"]

    @property
    def within(self) -> Mapping[Measure, timedelta]:
        """How fast the work should go: the playbook's own targets, and the ordinary ones where it has none."""
        own = {each: getattr(self.targets, each.value) for each in Measure}
        return {**TARGETS, **{measure: length for measure, length in own.items() if length is not None}}

    def offered(self, kind: Kind) -> Sequence[Template]:
        """Its texts for this kind of message, as the library has its own. What is not there in a language is said in the primary
        one, with that language's name behind.
        """
        return [self._template(place, each) for place, each in enumerate(self.templates) if each.kind == kind.value]

    def find(self, kind: Kind, key: str) -> Template | None:
        """One of them, if there is such a one."""
        return next((each for each in self.offered(kind) if each.id == key), None)

    def _template(self, place: int, template: MessageTemplate) -> Template:
        names = {name for fields in template.contents.values() for name in left(fields)}
        return Template(
            hazard=self.hazard,
            id=template.id,
            place=place,
            name=self._spoken((template.title or self.title).root),
            when=self._spoken(self.title.root),
            blanks={
                name: Blank(label=self._spoken(blank.label), example=self._spoken(blank.example, mark=False))
                for name, blank in self.blanks.items()
                if name in names
            },
            words={},
            contents=template.contents,
        )

    def _spoken(self, texts: Mapping[str, str], *, mark: bool = True) -> dict[str, str]:
        primary = self.languages.primary
        instead = f"{texts.get(primary, '')} ({primary})" if mark else texts.get(primary, "")
        return {each: texts.get(each) or instead for each in LANGUAGES}


def carry(shelf: Shelf, key: str, mode: Mode) -> Carried:
    """What an activation takes over of a playbook. Raises :class:`crisis.errors.NotFound`, :class:`PlaybookRefused`, and
    :class:`Invalid` where a real crisis is to be met with a playbook that nobody has approved.
    """
    entry = shelf.entry(key)
    held = entry.playbook
    if held is None:
        raise PlaybookRefused(entry.file, entry.faults)
    if mode is Mode.ACTUAL and not entry.is_offered:
        raise Invalid(
            f"The playbook {key} is {held.status}, and a real crisis is met with approved ones alone. Activate without it, or "
            "choose another."
        )
    plan = Plan(hazard=held.scenario.hazard, area=held.scenario.area, **{name: getattr(held, name) for name in _KEYS})
    return Carried(held.id, held.version, entry.sha256, plan.model_dump(mode="json", by_alias=True, exclude_none=True))


def choices(shelf: Shelf, mode: Mode) -> Sequence[Entry]:
    """The playbooks that an activation of this mode may be set with."""
    return [
        each for each in shelf.entries() if each.is_offered or (mode is Mode.EXERCISE and each.playbook is not None)
    ]


async def of_activation(session: AsyncSession, activation_id: int) -> Plan | None:
    """The plan that an activation was set with, if it was set with one."""
    kept = await session.get(ActivationPlaybook, activation_id)
    return None if kept is None else Plan.model_validate(kept.plan)
