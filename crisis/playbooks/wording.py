"""Wording: whether each template makes a whole message that goes out, on every channel of the playbook, in every language it is to be in.

The blanks are filled in with their examples, and the composer's own rules and the real renderer are asked: with the exercise's marker,
and of a message that promises another the same day. A text message is to be one part: in two it costs twice, and may arrive in halves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from crisis.channels import Capabilities, Limit, Unit
from crisis.errors import Invalid
from crisis.messages.content import FIELDS, Content, read_contents
from crisis.messages.faults import Fault as MessageFault
from crisis.messages.library import fill, left
from crisis.messages.models import Kind
from crisis.messages.rendered import faults as rendered_faults
from crisis.messages.unfinished import sketch
from crisis.mode import Mode
from crisis.playbooks.document import Document, Way
from crisis.playbooks.faults import PlaybookFault, nearest
from crisis.playbooks.known import Known
from crisis.playbooks.models import MessageTemplate, Playbook
from crisis.playbooks.references import IN_PLAYBOOK, missing

_NOW: Final = datetime(2026, 11, 20, 5, 58, tzinfo=UTC)
"""Any time by day: the next message comes the same day, and is promised without its date."""
_NEXT: Final = _NOW + timedelta(hours=1)
_NUMBER: Final = 10
"""The message's number in its thread, where it is said: of two digits."""
_BEYOND: Final = frozenset({"long", "many", "list_type", "string_type", "no_text", "no_fields"})
"""What is not even tried on the channels: it is no text of a message, or has no end."""
_ONE_PART: Final = Limit(Unit.SEGMENTS, 1)


def faults(playbook: Playbook, document: Document, known: Known) -> Iterator[PlaybookFault]:
    """Everything that would stop one of its templates when it is used."""
    yield from _blanks(playbook, document)
    for position, template in enumerate(playbook.templates):
        way: Way = ("templates", position)
        yield from _languages(playbook, template, way, document)
        yield from _tried(playbook, template, way, document, known)


def _blanks(playbook: Playbook, document: Document) -> Iterator[PlaybookFault]:
    spoken, needed = playbook.languages.all, playbook.languages.needed
    used = {name for each in playbook.templates for fields in each.contents.values() for name in left(fields)}
    for name, blank in playbook.blanks.items():
        for key, texts in {"label": blank.label, "example": blank.example}.items():
            way: Way = ("blanks", name, key)
            for language in needed:
                if not texts.get(language, "").strip():
                    yield document.fault(
                        way, f"The {key} of the blank “{name}” is not there in “{language}”. Write it."
                    )
            for language in texts:
                yield from missing(document.fault, (*way, language), language, spoken, IN_PLAYBOOK)
        if name not in used:
            said = f"No template has the blank “{name}”. Delete it, or write {{{name}}} where it belongs."
            yield document.fault(("blanks", name), said)


def _languages(playbook: Playbook, template: MessageTemplate, way: Way, document: Document) -> Iterator[PlaybookFault]:
    """It is there in every language that it must be in, and names no blank that nobody describes."""
    for language, fields in template.contents.items():
        here = (*way, "contents", language)
        yield from missing(document.fault, here, language, playbook.languages.all, IN_PLAYBOOK)
        for name in left(fields):
            yield from missing(document.fault, here, name, list(playbook.blanks), "blank")
    for language in playbook.languages.needed:
        if language not in template.contents:
            said = f"The text in “{language}” is missing, and every template is to have it (`languages`). Write it."
            yield document.fault((*way, "contents"), said)


def _tried(
    playbook: Playbook, template: MessageTemplate, way: Way, document: Document, known: Known
) -> Iterator[PlaybookFault]:
    spoken = [each for each in playbook.languages.all if each in template.contents and each in known.languages]
    raw = {each: fill(template.contents[each], _examples(playbook, each)) for each in spoken}
    contents, found = read_contents(raw, spoken)
    told = {name for fields in template.contents.values() for name in left(fields)} - playbook.blanks.keys()
    for each in found:
        if each.code == "placeholder" and any(f"{{{name}}}" in str(each.values) for name in told):
            continue  # a blank that nobody describes: told already
        yield _at(document, (*way, "contents"), each)
    beyond = {each.language for each in found if each.code in _BEYOND}
    # What is not whole is shown as far as it goes, as in the composer, so that all is told at once.
    shown = {each: contents.get(each) or sketch(raw[each]) for each in spoken if each not in beyond}
    for language, content in shown.items():
        for channel in (each for each in playbook.channels if each in known.capabilities):
            for said in _stopped(Kind(template.kind), content, language, channel, known):
                spot = (*way, "contents", language, "short" if content.short else "headline")
                yield document.fault(spot, said)


def _stopped(kind: Kind, content: Content, language: str, channel: str, known: Known) -> Iterator[str]:
    """Why a channel would not take it in an exercise."""
    able = _of_one_part(known.capabilities[channel])
    try:
        rendered = known.renderer.render(
            kind.value, channel, able, content,
            language=language, mode=Mode.EXERCISE, next_update_at=None if kind.is_end else _NEXT, number=_NUMBER, now=_NOW,
        )  # fmt: skip
        yield from (f"With the exercise's marker: {each.said}" for each in rendered_faults(rendered, able))
        if kind is Kind.ALERT:
            able = known.capabilities[channel]
            taken_back = known.renderer.render_retraction(
                channel, able, content, language=language, mode=Mode.EXERCISE, sent_at=_NOW, number=_NUMBER, now=_NEXT
            )
            yield from (f"If it proved a false alarm: {each.said}" for each in rendered_faults(taken_back, able))
    except Invalid as error:
        yield str(error)


def _of_one_part(capabilities: Capabilities) -> Capabilities:
    is_sms = capabilities.limit is not None and capabilities.limit.unit is Unit.SEGMENTS
    return replace(capabilities, limit=_ONE_PART) if is_sms else capabilities


def _examples(playbook: Playbook, language: str) -> Mapping[str, str]:
    primary = playbook.languages.primary
    return {name: each.example.get(language) or each.example.get(primary, "") for name, each in playbook.blanks.items()}


def _at(document: Document, contents: Way, fault: MessageFault) -> PlaybookFault:
    steps = (fault.language, fault.field, fault.item)
    meant = nearest(fault.field, FIELDS) if fault.code == "extra_forbidden" and fault.field else None
    return document.fault((*contents, *(each for each in steps if each is not None)), fault.said, meant)
