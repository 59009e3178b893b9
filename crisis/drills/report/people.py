"""People: what observers noted, what players answered, what the reporter says, and what is to be better."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from crisis.drills.models import Improvement, ImprovementState, Verdict
from crisis.drills.report.document import Block, Bullets, Paragraph, Passage, Section, Table
from crisis.drills.report.material import Material
from crisis.drills.report.timeline import clocked
from crisis.drills.report.words import IMPROVEMENT_STATES, VERDICTS
from crisis.tongue.tongue import Speaker


def remarks(material: Material, speaker: Speaker) -> list[Section]:
    """What went well, and what must change: the only two sections that somebody writes."""
    _ = speaker.gettext
    found = []
    for verdict in Verdict:
        said = [each for each in material.remarks if each.verdict is verdict]
        blocks: list[Block] = (
            [Bullets([_("%(text)s (%(who)s)", text=each.text, who=each.by) for each in said])]
            if said
            else [Paragraph(_("Ingen har skrevet noe her ennå."), "quiet")]
        )
        if verdict is Verdict.MUST_CHANGE:
            blocks.append(_improvements(material.improvements, speaker))
        found.append(Section(verdict.value, _(VERDICTS[verdict]), blocks))
    return found


def observations(material: Material, speaker: Speaker) -> Section:
    """Observers' notes, with the objective that each is about."""
    run, _ = material.run, speaker.gettext
    goals = dict(run.script.objectives)
    blocks: list[Block] = [
        Passage(
            f"{clocked(each.elapsed)} {each.by}",
            each.text,
            f"{each.objective} {goals.get(each.objective, '')}".strip() if each.objective else "",
        )
        for each in run.observations
    ]
    return Section(
        "observations",
        _("Observatørenes notater"),
        blocks or [Paragraph(_("Ingen observatør skrev noe."), "quiet")],
    )


ANSWERS: Final = "answers"
"""The section's key."""


def answers(material: Material, speaker: Speaker) -> Section:
    """What the players answered, question by question. Nobody is named."""
    run, _ = material.run, speaker.gettext
    parts = [
        Section(
            f"question-{question.get('id')}",
            run.script.text(question.get("text")),
            _answered(material, question, speaker),
        )
        for question in run.script.questions
    ]
    told = speaker.ngettext("%(num)s deltaker har svart.", "%(num)s deltakere har svart.", len(material.answers))
    return Section(ANSWERS, _("Deltakernes svar"), [Paragraph(told)], parts)


def _answered(material: Material, question: Mapping[str, Any], speaker: Speaker) -> list[Block]:
    key, scale = str(question.get("id")), question.get("scale")
    given = [each.answers[key] for each in material.answers if each.answers.get(key) not in {None, ""}]
    _ = speaker.gettext
    if not given:
        return [Paragraph(_("Ingen har svart på dette."), "quiet")]
    if not scale:
        return [Bullets([str(each) for each in given])]
    counts = Counter(int(each) for each in given)
    mean = sum(counts.elements()) / counts.total()
    said = _("Gjennomsnitt %(mean)s av %(most)s.", mean=speaker.number(round(mean, 1)), most=int(scale))
    head = [_("Svar"), *(str(each) for each in range(1, int(scale) + 1))]
    row = [_("Antall"), *(speaker.number(counts[each]) for each in range(1, int(scale) + 1))]
    return [Paragraph(said), Table(_("1 er helt uenig"), head, [row], tuple(range(1, int(scale) + 1)))]


def _improvements(found: Sequence[Improvement], speaker: Speaker) -> Block:
    _ = speaker.gettext
    if not found:
        return Paragraph(_("Ingen forbedringstiltak er skrevet ned ennå."), "quiet")
    head = [_("Forbedringstiltak"), _("Ansvarlig"), _("Frist"), _("Tilstand")]
    rows = [
        [
            each.text,
            each.owner,
            speaker.day(each.due),
            _(IMPROVEMENT_STATES[each.state])
            + (f": {each.outcome}" if each.state is not ImprovementState.OPEN and each.outcome else ""),
        ]
        for each in found
    ]
    return Table(_("Forbedringstiltak"), head, rows, (), (4, 2, 1.8, 2.2))
