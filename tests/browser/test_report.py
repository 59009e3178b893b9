"""After a drill, in a browser: the first impression, the questionnaire on a phone, the report and what is written in it."""

from datetime import date

from playwright.async_api import expect

from crisis.drills import questionnaire
from crisis.drills.models import Drill
from crisis.roles import Role
from tests.browser.conftest import Enter
from tests.browser.town import Town
from tests.browser.visitor import PHONE
from tests.crisis.drills import runs


async def test_what_a_drill_leaves_behind_is_read_answered_and_written_on(enter: Enter, town: Town) -> None:
    for _ in range(2):
        drill_id = await runs.drill(town.crisis)
    async with town.crisis.db.transaction() as session:
        token = questionnaire.token_of(await session.get_one(Drill, drill_id))
    wrong: list[str] = []

    player = await enter(None, PHONE)
    await player.go(f"/answer/{token}")
    wrong += await player.check("answer")
    await player.page.get_by_label("4", exact=True).check()
    await player.page.get_by_label("Hva gikk bra?").fill("Vi visste hvem som skrev.")
    await player.page.get_by_role("button", name="Send svarene").click()
    await expect(player.page.locator("h1")).to_have_text("Takk for svarene")

    leader = await enter(Role.PREPAREDNESS)
    await leader.go(f"/drills/{drill_id}/impression")
    wrong += await leader.check("impression")
    await leader.page.get_by_role("link", name="Se svarene").click()
    await expect(leader.page.locator("main")).to_contain_text("Vi visste hvem som skrev.")
    await leader.page.get_by_role("link", name="Førsteinntrykk").click()
    await leader.page.get_by_role("link", name="Åpne rapporten").click()
    await leader.page.get_by_label("Skriv én ting som gikk bra").fill("Rolig og raskt.")
    await leader.page.get_by_role("button", name="Skriv i rapporten").first.click()
    await expect(leader.page.locator("section[aria-labelledby='went_well']")).to_contain_text("Rolig og raskt.")
    await leader.page.get_by_label("Tiltak", exact=True).fill("Vaktliste for sosiale medier.")
    await leader.page.get_by_label("Ansvarlig").fill("Kommunikasjonssjefen")
    await leader.page.get_by_label("Frist", exact=True).fill(date(2020, 1, 15).isoformat())
    await leader.page.get_by_role("button", name="Skriv ned tiltaket").click()
    await expect(leader.page.locator("section[aria-labelledby='must_change']")).to_contain_text("15. januar 2020")
    wrong += await leader.check("report")

    await leader.go("/")
    await expect(leader.page.locator("main")).to_contain_text("Fristen er ute.")
    await leader.page.get_by_role("link", name="Alle tiltak").click()
    wrong += await leader.check("improvements")
    await leader.page.get_by_label("Hva ble gjort, eller hvorfor droppes det?").fill("Lista henger i vaktrommet.")
    await leader.page.get_by_role("button", name="Gjort").click()
    await expect(leader.page.locator("main")).to_contain_text("Ingen tiltak venter.")
    assert not wrong, "\n".join(wrong)
