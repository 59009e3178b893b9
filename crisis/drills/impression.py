"""First impression: the handful of figures that the talk right after a drill begins with, and three questions for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crisis.drills.measures.figure import Figure, Measured
from crisis.drills.models import DrillExpectation
from crisis.drills.report.material import Material
from crisis.drills.report.words import MEASURES, action, amount, target, verdict
from crisis.drills.states import ExpectationState
from crisis.tongue.tongue import Speaker

HANDFUL: Final = (
    Measured.ACTIVATE,
    Measured.ACCOUNTS_LOCKED,
    Measured.FIRST_MESSAGE,
    Measured.LAST_CHANNEL,
    Measured.MISSED_UPDATES,
    Measured.COMPLETENESS,
)
QUESTIONS: Final = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """One figure as the page has it. ``tone``: whether the target was reached, nothing where that is not known."""

    name: str
    amount: str
    target: str
    verdict: str
    why: str
    is_met: bool | None


@dataclass(frozen=True, slots=True)
class Impression:
    """What the page shows."""

    figures: Sequence[Seen]
    met: Sequence[str]
    missed: Sequence[str]
    questions: Sequence[str]


def of(material: Material, speaker: Speaker) -> Impression:
    """In the speaker's language."""
    shown = {figure.measured: figure for figure in material.figures}
    tested = [each for each in material.run.expectations if each.state is not ExpectationState.VOID]
    return Impression(
        [_seen(shown[measured], speaker) for measured in HANDFUL],
        [_named(material, each, speaker) for each in tested if each.state is ExpectationState.MET],
        [
            _named(material, each, speaker)
            for each in tested
            if each.state.is_decided and each.state is not ExpectationState.MET
        ],
        questions(material, speaker),
    )


def questions(material: Material, speaker: Speaker) -> Sequence[str]:
    """Three: about what was furthest from its target or expectation, and the two that are always asked."""
    _ = speaker.gettext
    asked = [
        _(
            "%(name)s: %(amount)s. Målet var %(target)s. Hva tok tid?",
            name=_(MEASURES[each.measured]),
            amount=amount(speaker, each.value, each.unit),
            target=target(speaker, each),
        )
        for each in sorted(_missed(material.figures), key=_share, reverse=True)
    ]
    asked += [
        _("Ikke gjort i tide: %(what)s. Hva skulle til?", what=_named(material, each, speaker))
        for each in material.run.expectations
        if each.state in {ExpectationState.MISSED, ExpectationState.LATE}
    ]
    asked = asked[: QUESTIONS - 2] or [_("Var det noe du manglet?")]
    return [*asked, _("Hva gikk bra, som vi må gjøre igjen?"), _("Hva må vi endre før neste gang?")]


def _missed(figures: Sequence[Figure]) -> list[Figure]:
    return [each for each in figures if each.is_met is False and each.value is not None]


def _share(figure: Figure) -> float:
    """How far beyond the target, as a share of it."""
    value, wanted = figure.value or 0.0, figure.target or 0.0
    if figure.more_is_better:
        return (wanted - value) / (wanted or 1.0)
    return (value - wanted) / (wanted or 1.0)


def _seen(figure: Figure, speaker: Speaker) -> Seen:
    return Seen(
        speaker.gettext(MEASURES[figure.measured]),
        amount(speaker, figure.value, figure.unit),
        target(speaker, figure),
        verdict(speaker, figure),
        speaker.gettext(figure.why) if figure.why else "",
        figure.is_met,
    )


def _named(material: Material, expectation: DrillExpectation, speaker: Speaker) -> str:
    script = material.run.script.spoken(speaker.language)
    wanted = script.expectations.get(expectation.key, {})
    role = str(wanted.get("role") or "")
    who = speaker.gettext("Systemet") if role == "system" else script.role(role)
    return f"{who}: {action(speaker, script, wanted)}"
