"""Two editors on one draft, each in a browser of their own: nothing that either writes is lost, and both are told."""

import asyncio
import time

from playwright.async_api import expect

from crisis.messages import drafts
from crisis.messages.models import Revision
from crisis.roles import Role
from tests.browser.conftest import Enter
from tests.browser.places import Ids
from tests.browser.town import PAUSE, SEND_SECONDS, Town
from tests.browser.visitor import NARROW, Visitor

THEIRS = "Skred ved Moen: Gå til Fjordhallen nå"
MINE = "Skred ved Moen: Gå ut av området nå. Møt på skolen."


async def kept(town: Town, revision_id: int) -> Revision:
    async with town.crisis.db.transaction() as session:
        return await drafts.get(session, revision_id)


async def until_kept(town: Town, window: Visitor, ids: Ids, field: str, text: str) -> None:
    """Wait until the server has what was typed, and the page says so."""
    end = time.monotonic() + SEND_SECONDS
    while (await kept(town, ids.draft)).contents["nb"][field] != text:
        assert time.monotonic() < end, f"{field} was not kept"
        await asyncio.sleep(PAUSE)
    await expect(window.page.locator("#saved")).to_have_attribute("data-kept", "yes")


async def test_both_see_each_other_and_write_different_fields_into_one_text(enter: Enter, town: Town) -> None:
    ids = await town.in_crisis()
    path = f"/messages/{ids.message}/revisions/{ids.draft}"
    kari, ola = await enter(Role.EDITOR), await enter(Role.DIRECTOR)
    await kari.go(path)
    await ola.go(path)
    await expect(ola.page.locator("#presence")).to_contain_text("Nettredaktøren skriver også på bokmål")
    await kari.page.fill("#headline", THEIRS)
    await until_kept(town, kari, ids, "headline", THEIRS)
    await ola.page.fill("#contact", "Sentralbordet 74 00 00 99")
    await expect(ola.page.locator("#clash")).to_contain_text("Nettredaktøren skrev samtidig")
    await expect(ola.page.locator("#headline")).to_have_value(THEIRS)
    await expect(ola.page.locator("#contact")).to_be_focused()
    fields = (await kept(town, ids.draft)).contents["nb"]
    assert (fields["headline"], fields["contact"]) == (THEIRS, "Sentralbordet 74 00 00 99")
    await ola.shot("two editors merged")
    await kari.page.fill("#where", "Moen, Elvesletta og Nes")
    await expect(kari.page.locator("#clash")).to_contain_text("Kommunedirektøren skrev samtidig")
    assert (await kept(town, ids.draft)).contents["nb"]["contact"] == "Sentralbordet 74 00 00 99"


async def test_the_same_field_is_shown_in_both_versions_and_a_person_chooses(enter: Enter, town: Town) -> None:
    ids = await town.in_crisis()
    path = f"/messages/{ids.message}/revisions/{ids.draft}"
    kari, ola = await enter(Role.EDITOR), await enter(Role.DIRECTOR, NARROW)
    await kari.go(path)
    await ola.go(path)
    await kari.page.fill("#headline", THEIRS)
    await until_kept(town, kari, ids, "headline", THEIRS)
    ola.watch.allow(409)
    await ola.page.fill("#headline", MINE)
    clash = ola.page.locator("#clash")
    await expect(clash).to_contain_text("Nettredaktøren skrev samtidig med deg")
    await expect(clash).to_contain_text(THEIRS)
    await expect(ola.page.locator("#headline")).to_have_value(MINE)
    assert not await ola.check("two editors clash")
    await ola.page.get_by_role("button", name="Lagre valget").click()
    await until_kept(town, ola, ids, "headline", MINE)
    await expect(ola.page.locator("#headline")).to_have_value(MINE)
    await expect(kari.page.locator("#presence")).to_contain_text("har lagret noe nytt her")


async def test_what_is_typed_outlives_a_closed_window_and_a_lost_session(enter: Enter, town: Town) -> None:
    ids = await town.in_crisis()
    path = f"/messages/{ids.message}/revisions/{ids.draft}"
    kari = await enter(Role.EDITOR)
    await kari.go(path)
    await kari.context.clear_cookies()
    kari.watch.allow(401)
    await kari.page.fill("#headline", MINE)
    await kari.page.wait_for_url("**/login?next=**")
    secret = await town.secret(Role.EDITOR)
    await kari.context.add_cookies([{"name": "crisis", "value": secret, "url": town.url}])
    await kari.go(path)
    await expect(kari.page.locator("#restore")).to_be_visible()
    await kari.shot("restore after lost session")
    await kari.page.click("#restore-yes")
    await expect(kari.page.locator("#headline")).to_have_value(MINE)
    await until_kept(town, kari, ids, "headline", MINE)
