"""After a drill and after a crisis, over HTTP: first impression, questionnaire, report, package, improvements."""

import io
import zipfile

from crisis.bootstrap import Crisis
from crisis.drills import questionnaire
from crisis.drills.models import Drill
from crisis.roles import Role
from tests.api.desk.conftest import SignIn
from tests.crisis.drills import runs
from tests.crisis.drills.runs import SHARP, once


async def link(crisis: Crisis, drill_id: int) -> str:
    async with crisis.db.transaction() as session:
        return f"/answer/{questionnaire.token_of(await session.get_one(Drill, drill_id))}"


async def test_the_first_impression_is_for_everybody_who_plays_and_the_report_for_who_reads_the_log(
    sign_in: SignIn, crisis: Crisis
) -> None:
    drill_id = await runs.drill(crisis)
    switchboard, leader = await sign_in(Role.SWITCHBOARD), await sign_in(Role.PREPAREDNESS)
    page = await switchboard.get(f"/drills/{drill_id}/impression")
    assert page.status == 200
    assert "ØVELSE ØVELSE ØVELSE" in page.title
    assert "Første melding ute" in page.text
    assert "2 ting ble ikke gjort i tide" in page.text
    assert "Åpne rapporten" not in page.text
    assert await link(crisis, drill_id) in page.part(".impression-link")
    assert page.tree.cssselect(".impression-code svg")
    for part in ("report", "report.pdf", "answers"):
        assert (await switchboard.get(f"/drills/{drill_id}/{part}")).status == 403
        assert (await leader.get(f"/drills/{drill_id}/{part}")).status == 200
        assert (await leader.get(f"/drills/999/{part}")).status == 404
    assert (await switchboard.post(f"/drills/{drill_id}/package")).status == 403
    assert "Åpne rapporten" in (await leader.get(f"/drills/{drill_id}/impression")).text


async def test_the_report_is_a_page_a_pdf_and_a_package_in_the_readers_language(
    sign_in: SignIn, crisis: Crisis
) -> None:
    activation_id, drill_id = await runs.real(crisis), await runs.drill(crisis)
    director = await sign_in(Role.DIRECTOR, language="en")
    page = await director.get(f"/drills/{drill_id}/report")
    assert "Report after an exercise" in page.text
    assert not page.tree.xpath("//main//script")
    assert SHARP in page.tree.text_content()
    start = await director.get("/")
    assert start.tree.xpath(f"//a[@href='/activations/{activation_id}/report']")
    real = await director.get(f"/activations/{activation_id}/report")
    assert "Report after a crisis" in real.text
    assert "ØVELSE" not in real.text
    for path in (f"/drills/{drill_id}", f"/activations/{activation_id}"):
        pdf = await director.get(f"{path}/report.pdf")
        assert (pdf.headers["Content-Type"], pdf.headers["Cache-Control"]) == ("application/pdf", "no-store")
        assert pdf.raw.startswith(b"%PDF")
        packed = await director.post(f"{path}/package")
        assert packed.headers["Content-Disposition"].startswith("attachment")
        with zipfile.ZipFile(io.BytesIO(packed.raw)) as archive:
            assert "manifest.json" in archive.namelist()
            assert b"Timeline" in archive.read("report.html")


async def test_what_went_well_is_written_on_the_page_and_nothing_typed_is_lost(sign_in: SignIn, crisis: Crisis) -> None:
    drill_id = await runs.drill(crisis)
    path, leader = f"/drills/{drill_id}", await sign_in(Role.PREPAREDNESS, name="Berit Koordinator")
    form = str(once())
    for _ in range(2):
        page = await leader.send(f"{path}/remarks", verdict="went_well", remark=f"Raskt. {SHARP}", once=form)
    assert page.text.count("(Berit Koordinator)") == 1, "the same form twice is one remark"
    (remark,) = page.tree.xpath("//input[@name='replaces']/@value")
    page = await leader.send(f"{path}/remarks", verdict="went_well", remark="Raskt og rolig.", replaces=remark)
    assert "Raskt og rolig. (Berit Koordinator)" in page.part("section[aria-labelledby=went_well]")
    assert "Raskt. #panic" not in page.part("section[aria-labelledby=went_well] > ul")
    assert (
        await leader.post(f"{path}/remarks", verdict="went_well", remark="En gang til", replaces=remark)
    ).status == 409
    wrong = await leader.post(f"{path}/remarks", verdict="must_change", remark="x" * 2001, once=form)
    assert wrong.status == 422
    assert wrong.tree.cssselect("#remark-must_change")[0].text.strip() == "x" * 2001
    assert wrong.problem("remark-must_change")
    auditor = await sign_in(Role.AUDITOR)
    assert not (await auditor.get(f"{path}/report")).tree.xpath("//form[contains(@action, 'remarks')]")
    assert (await auditor.post(f"{path}/remarks", verdict="went_well", remark="x")).status == 403


async def test_an_improvement_stands_on_the_start_page_until_it_is_closed(sign_in: SignIn, crisis: Crisis) -> None:
    drill_id = await runs.drill(crisis)
    leader = await sign_in(Role.PREPAREDNESS)
    half = await leader.post(f"/drills/{drill_id}/improvements", improvement="Vaktliste.", owner="", due="i morgen")
    assert (half.status, half.value("improvement")) == (422, "Vaktliste.")
    assert half.problem("owner")
    assert half.problem("due")
    assert not half.problem("improvement")
    page = await leader.send(
        f"/drills/{drill_id}/improvements", improvement="Vaktliste.", owner="Sjefen", due="2020-01-15"
    )
    assert "Vaktliste.Sjefen15. januar 2020åpent" in page.part("section[aria-labelledby=must_change] table tbody")
    start = await leader.get("/")
    assert "Vaktliste." in start.part("section[aria-labelledby=improvements]")
    assert "Fristen er ute." in start.part("section[aria-labelledby=improvements]")
    listed = await leader.get("/improvements")
    assert "1 åpent" in listed.text
    silent = await leader.post("/improvements/1", state="done")
    assert silent.status == 422
    assert silent.problem("outcome-1")
    done = await leader.send("/improvements/1", state="done", **{"outcome-1": f"Henger i vaktrommet. {SHARP}"})
    assert "0 åpne" in done.text
    assert "Vaktliste. gjort: Henger i vaktrommet." in done.part("section[aria-labelledby=closed]")
    assert "Vaktliste." not in (await leader.get("/")).text
    assert (await leader.post("/improvements/1", state="dropped", **{"outcome-1": "x"})).status == 409
    assert (await (await sign_in(Role.AUDITOR)).post("/improvements/1", state="done")).status == 403
    assert (await (await sign_in(Role.UNIT)).get("/improvements")).status == 403


async def test_players_answer_without_an_account_and_see_nothing_else(sign_in: SignIn, crisis: Crisis) -> None:
    drill_id = await runs.drill(crisis)
    nobody, leader = await sign_in(None), await sign_in(Role.PREPAREDNESS)
    path = await link(crisis, drill_id)
    page = await nobody.get(path)
    assert page.status == 200
    assert "Jeg visste hva jeg skulle gjøre." in page.text
    assert "Meldinger" not in page.text, "no menu, nothing of the desk"
    form = str(page.value("once"))
    empty = await nobody.post(path, once=form)
    assert (empty.status, empty.value("once")) == (422, form)
    long = await nobody.post(path, **{"once": form, "q-Q1": "4", "q-Q2": "x" * 2001})
    assert long.status == 422
    assert long.tree.xpath("//input[@name='q-Q1'][@checked]/@value") == ["4"], "what was chosen is kept"
    for _ in range(2):
        thanks = await nobody.post(path, **{"once": form, "q-Q1": "4", "q-Q2": SHARP, "part": "nettredaksjon"})
        assert "Takk for svarene" in thanks.text
    answers = await leader.get(f"/drills/{drill_id}/answers")
    assert "1 deltaker har svart." in answers.text
    assert "Gjennomsnitt 4 av 5." in answers.text
    assert SHARP in answers.tree.text_content()
    assert not answers.tree.xpath("//main//script")
    for wrong in (f"{path}0", "/answer/1-1-" + "0" * 32, "/answer/x", "/answer/%00"):
        for over in (await nobody.get(wrong), await nobody.post(wrong, **{"q-Q1": "4"})):
            assert over.status == 404
            assert "Moen" not in over.text


async def test_the_questions_come_in_the_language_of_whoever_asks(sign_in: SignIn, crisis: Crisis) -> None:
    drill_id = await runs.drill(crisis)
    page = await (await sign_in(Role.SWITCHBOARD, language="en")).get(await link(crisis, drill_id))
    assert "I knew what to do." in page.text
    assert "Hva gikk bra?" in page.text, "in the playbook's own language where it has no other"


async def test_whoever_starts_a_drill_sees_what_was_promised_after_the_last_one(
    sign_in: SignIn, crisis: Crisis
) -> None:
    drill_id = await runs.drill(crisis)
    leader = await sign_in(Role.PREPAREDNESS)
    await leader.send(f"/drills/{drill_id}/improvements", improvement="Vaktliste.", owner="Sjefen", due="2020-01-15")
    page = await leader.get("/drills/new?playbook=kvikkleireskred")
    assert page.status == 200
    assert "Vaktliste." in page.part("section[aria-labelledby=improvements]")
