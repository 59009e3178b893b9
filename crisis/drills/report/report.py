"""Report: the sections put together. Of a real crisis those fall away that only a drill has."""

from dataclasses import replace

from crisis.drills.report import appendix, facts, people, results, sent, summary, timeline
from crisis.drills.report.document import Document, Section
from crisis.drills.report.material import Material
from crisis.messages.words import Words
from crisis.mode import Mode
from crisis.tongue.tongue import Speaker


def compose(material: Material, speaker: Speaker, words: Words) -> Document:
    """The whole report in one language. An exercise's is marked with what marks its messages."""
    spoken = replace(material, run=replace(material.run, script=material.run.script.spoken(speaker.language)))
    run, _ = spoken.run, speaker.gettext
    is_drill = run.drill is not None
    title = run.script.title if is_drill else (run.activation.title if run.activation else "")
    name = _("Rapport etter øvelse") if run.mode is Mode.EXERCISE else _("Rapport etter hendelse")
    sections: list[Section] = [summary.section(spoken, speaker), facts.section(spoken, speaker)]
    sections.append(timeline.section(spoken, speaker))
    sections += [results.objectives(spoken, speaker)] if is_drill else []
    sections.append(results.measures(spoken, speaker))
    sections += people.remarks(spoken, speaker)
    sections += [sent.messages(spoken, speaker), sent.lock(spoken, speaker)]
    sections += [people.observations(spoken, speaker), people.answers(spoken, speaker)] if is_drill else []
    sections += [results.comparison(spoken, speaker), appendix.section(spoken, speaker)]
    return Document(
        language=speaker.language,
        title=title,
        subtitle=f"{name}, {speaker.moment(run.began_at)}",
        mark=words.marker if run.mode is Mode.EXERCISE else "",
        municipality=spoken.municipality,
        contents=_("Innhold"),
        page=_("Side"),
        sections=tuple(sections),
    )
