"""The report: from the log alone, the same on a page and in a PDF, and nothing that anybody wrote is ever read as markup."""

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from lxml import html

from crisis.bootstrap import Crisis
from crisis.drills import impression, improvements, questionnaire, remarks
from crisis.drills.improvements import Wanted
from crisis.drills.models import Drill, Verdict
from crisis.drills.questionnaire import Answered
from crisis.drills.remarks import Written
from crisis.drills.report import page, results, summary, typeset
from crisis.drills.report.document import Section
from crisis.drills.report.material import Material
from crisis.drills.report.service import Reports
from crisis.drills.subject import Subject
from crisis.errors import NotAllowed, NotFound, Unready
from crisis.roles import Actor, Role
from tests.crisis.drills import runs
from tests.crisis.drills.runs import LEADER, SHARP


async def read(reports: Reports, subject: Subject) -> Material:
    return await reports.read(LEADER, subject)


def texts(value: Any) -> list[str]:
    """Every text in it, however deep."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [each for inner in value.values() for each in texts(inner)]
    return [each for inner in value for each in texts(inner)] if isinstance(value, list | tuple) else []


def shown(section: Section) -> str:
    return " ".join(
        texts({"heading": section.heading, "blocks": [vars_of(each) for each in section.blocks]})
    ) + " ".join(shown(part) for part in section.parts)


def vars_of(block: Any) -> dict[str, Any]:
    return {name: getattr(block, name) for name in block.__slots__}


async def test_a_drill_has_every_section_and_all_of_it_comes_from_the_log(crisis: Crisis) -> None:
    drill_id = await runs.drill(crisis)
    subject, reports = Subject(drill_id=drill_id), Reports.of(crisis)
    await remarks.write(crisis.db, LEADER, subject, Written(Verdict.WENT_WELL, "Alle visste hvem som skrev."))
    due = (await improvements.add(crisis.db, LEADER, subject, Wanted("Vaktliste.", "Lederen", runs.DUE))).due
    found = await read(reports, subject)
    document = reports.document(found, "nb")
    assert document.mark == "ØVELSE ØVELSE ØVELSE"
    assert [each.key for each in document.sections] == [
        "summary", "facts", "timeline", "objectives", "measures", "went_well", "must_change", "messages", "lock",
        "observations", "answers", "comparison", "appendix",
    ]  # fmt: skip
    said = {each.key: shown(each) for each in document.sections}
    assert "3 av 5 forventninger ble møtt i tide, 1 for sent og 1 ikke." in said["summary"]
    assert "Åpne forbedringstiltak: 1." in said["summary"]
    assert "Hvor mange er savnet?" in said["facts"], "an inject that was skipped is told as not tested"
    assert "øvingsleder hoppet over det" in said["facts"]
    assert "satte krisestab og låste kontoene" in said["timeline"]
    assert "M1 Kontoene låses: nådd" in said["objectives"]
    assert "M2 Innbyggerne får råd raskt: delvis nådd" in said["objectives"]
    assert "M3 Rykter rettes: ikke nådd" in said["objectives"]
    assert "Alle visste hvem som skrev. (Øvingslederen)" in said["went_well"]
    assert "Vaktliste." in said["must_change"]
    assert str(due.year) in said["must_change"]
    assert "Gå ut av området." in said["messages"]
    (sent, *_rest) = document.section("messages").parts
    passages = [vars_of(each) for each in sent.blocks if each.kind == "passage"]
    assert {each["text"] for each in passages} == {each.text for each in found.run.texts}, (
        "as they were, and nothing beside"
    )
    assert "Kan ikke låses herfra" in said["lock"]
    assert found.run.acts[0].hash in said["lock"], "the activation's entry in the audit log"
    assert "ab" * 32 in said["appendix"]
    assert found.head[1] in said["appendix"]


async def test_a_real_crisis_has_the_same_report_without_what_only_a_drill_has(crisis: Crisis) -> None:
    reports = Reports.of(crisis)
    document = reports.document(await read(reports, Subject(activation_id=await runs.real(crisis))), "nb")
    assert document.mark == ""
    assert document.subtitle.startswith("Rapport etter hendelse")
    keys = {each.key for each in document.sections}
    assert not keys & {"objectives", "observations", "answers"}
    assert {"timeline", "measures", "lock", "messages"} <= keys


async def test_an_activation_that_a_drill_began_has_the_drills_report(crisis: Crisis) -> None:
    drill_id = await runs.drill(crisis)
    async with crisis.db.transaction() as session:
        activation_id = (await session.get_one(Drill, drill_id)).activation_id
    found = await read(Reports.of(crisis), Subject(activation_id=activation_id))
    assert found.subject == Subject(drill_id=drill_id)


@pytest.mark.parametrize(
    ("language", "title", "heading"),
    [
        ("nb", "Kvikkleireskred ved Moen", "Tidslinje"),
        ("nn", "Kvikkleireskred ved Moen", "Samandrag"),
        ("en", "Quick clay landslide at Moen", "Timeline"),
    ],
)
async def test_it_is_a_tagged_pdf_in_the_readers_language(
    crisis: Crisis, language: str, title: str, heading: str
) -> None:
    reports = Reports.of(crisis)
    found = await read(reports, Subject(drill_id=await runs.drill(crisis)))
    document = reports.document(found, language)
    assert document.title == title
    assert heading in [each.heading for each in document.sections]
    made = await reports.pdf(found, language)
    assert made.startswith(b"%PDF-1.")
    assert b"/StructTreeRoot" in made
    assert re.search(rb"/MarkInfo\s*<<[^>]*/Marked true", made)
    assert re.search(rb"/Lang\s*\(%s" % language.encode(), made)
    assert b"pdfuaid:part" in made
    assert len(re.findall(rb"/Type\s*/Page\b", made)) >= 3
    assert b"LibertinusSerif" in made, "the font that comes along, not one of this machine's"


async def test_what_people_wrote_is_text_and_never_markup(crisis: Crisis) -> None:
    reports = Reports.of(crisis)
    drill_id = await runs.drill(crisis)
    subject = Subject(drill_id=drill_id)
    await remarks.write(crisis.db, LEADER, subject, Written(Verdict.MUST_CHANGE, SHARP))
    await improvements.add(crisis.db, LEADER, subject, Wanted(SHARP, SHARP, runs.DUE))
    async with crisis.db.transaction() as session:
        token = questionnaire.token_of(await session.get_one(Drill, drill_id))
    await questionnaire.answer(crisis.db, token, Answered({"Q2": SHARP}, runs.once()))
    found = await read(reports, subject)
    document = reports.document(found, "nb")
    assert sum(SHARP in each for each in texts(document.data())) >= 6
    whole = page.whole(document, crisis.settings.templates_dir)
    tree = html.document_fromstring(whole)
    assert not tree.xpath("//script | //*[@onerror] | //img | //iframe")
    assert whole.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 6
    assert whole.count("{{7*7}}") == whole.count("&lt;script&gt;alert(1)&lt;/script&gt;")
    await reports.pdf(found, "nb")  # Typst would have stopped at #panic()


async def test_the_page_in_a_package_needs_nothing_beside_it(crisis: Crisis) -> None:
    reports = Reports.of(crisis)
    for _ in range(2):
        drill_id = await runs.drill(crisis)
    document = reports.document(await read(reports, Subject(drill_id=drill_id)), "nb")
    tree = html.document_fromstring(page.whole(document, crisis.settings.templates_dir))
    assert not tree.xpath("//link | //script | //@src")
    assert all(address.startswith("#") for address in tree.xpath("//@href"))
    assert {each.lstrip("#") for each in tree.xpath("//nav//@href")} <= set(tree.xpath("//@id"))
    (picture, *_others) = tree.xpath("//*[@role='img']")
    assert "Målet er" in picture.get("aria-label"), "the plot is told in words too"
    levels = [int(each.tag[1]) for each in tree.xpath("//h1 | //h2 | //h3 | //h4")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), "no level is skipped"


async def test_it_says_what_stands_in_the_way_of_a_pdf(crisis: Crisis, tmp_path: Any) -> None:
    reports = Reports.of(crisis)
    found = await read(reports, Subject(drill_id=await runs.drill(crisis)))
    document = reports.document(found, "nb")
    with pytest.raises(Unready, match="CRISIS_TEMPLATES_DIR"):
        await typeset.pdf(document, tmp_path, found.read_at)
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.typ").write_text("#panic()")
    with pytest.raises(Unready, match="printed as a page"):
        await typeset.pdf(document, tmp_path, found.read_at)


async def test_a_drill_in_which_nobody_did_anything_has_a_report_too(crisis: Crisis) -> None:
    drill_id = await runs.empty(crisis)
    reports = Reports.of(crisis)
    found = await read(reports, Subject(drill_id=drill_id))
    document = reports.document(found, "nb")
    assert "Krisestab ble ikke satt." in shown(document.section("summary"))
    assert "ingenting ble låst" in shown(document.section("lock"))
    assert (await reports.pdf(found, "nb")).startswith(b"%PDF")
    assert all(each.value is None and each.why for each in found.figures)


async def test_who_may_read_it(crisis: Crisis) -> None:
    subject, reports = Subject(drill_id=await runs.drill(crisis)), Reports.of(crisis)
    for role in (Role.SWITCHBOARD, Role.UNIT, Role.ADMIN):
        with pytest.raises(NotAllowed):
            await reports.read(Actor("x", role), subject)
    with pytest.raises(NotFound):
        await read(reports, Subject(drill_id=999))
    with pytest.raises(NotFound):
        await read(reports, Subject(activation_id=999))


async def test_the_first_impression_asks_about_what_was_missed(crisis: Crisis) -> None:
    reports = Reports.of(crisis)
    found = await read(reports, Subject(drill_id=await runs.drill(crisis)))
    seen = impression.of(found, reports.speaker("nb"))
    assert (len(seen.met), len(seen.missed), len(seen.questions)) == (3, 2, 3)
    assert "Nettredaksjonen: prøver igjen, eller loggfører." in seen.questions[0]
    slow = [replace(each, value=3600.0) if each.measured == "first_message" else each for each in found.figures]
    asked = impression.questions(replace(found, figures=slow), reports.speaker("nb"))
    assert asked[0].startswith("Første melding ute: 1\u00a0t. Målet var høyst 15\u00a0min."), (
        "the furthest from its target first"
    )


async def test_the_last_five_runs_stand_beside_this_one(crisis: Crisis) -> None:
    reports = Reports.of(crisis)
    for _ in range(2):
        await runs.drill(crisis)
    await runs.drill(crisis, playbook={**runs.PLAYBOOK, "id": "drikkevann"})
    found = await read(reports, Subject(drill_id=await runs.drill(crisis)))
    assert [run.id for run in found.before] == [1, 2], "of the same playbook, the oldest first"
    comparison = results.comparison(found, reports.speaker("nb"))
    assert len(vars_of(comparison.blocks[0])["head"]) == 4
    assert len(summary.lines(found, reports.speaker("nb"))) == 5
