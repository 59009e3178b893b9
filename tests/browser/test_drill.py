"""A drill in two browsers: one leads kvikkleireskred at speed, one plays in it; the conductor, the sandbox and the sending are real."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import expect

from crisis.activations.service import activate
from crisis.conductor import conductor_of
from crisis.drills import service
from crisis.drills.picture import Picture
from crisis.drills.states import InjectState
from crisis.mode import Mode
from crisis.roles import Role
from tests.browser.conftest import Enter
from tests.browser.keyboard import Keyboard
from tests.browser.town import Town
from tests.browser.visitor import DARK_PHONE, DESKTOP, NO_SCRIPT, Visitor
from tests.factories import DIRECTOR

SPEED = "5"  # from the last inject asked for, a slow machine has twelve minutes before the drill ends by its own time
BLANKS = {"område": "Moen", "møtested": "Fjordhallen", "telefon": "74 00 00 00"}


@asynccontextmanager
async def conducting(town: Town) -> AsyncIterator[None]:
    """A conductor makes drills go, and what is approved in them is sent, as long as this lasts."""
    stopped = asyncio.Event()
    running = asyncio.create_task(conductor_of(town.crisis).run(stopped))
    try:
        async with town.sending(Mode.EXERCISE):
            yield
    finally:
        stopped.set()
        await running


async def picture(town: Town) -> Picture:
    async with town.crisis.db.transaction() as session:
        drill = await service.latest(session)
        assert drill is not None
        return await service.picture(session, drill.id)


async def start(leader: Visitor) -> int:
    """From the menu to the control room, by mouse; the number of the drill."""
    await leader.go("/drills")
    await leader.page.locator("a[href='/drills/new?playbook=kvikkleireskred']").click()
    await leader.page.select_option("#speed", SPEED)
    await leader.shot("drill new", whole=True)
    await leader.page.get_by_role("button", name="Start øvelsen").click()
    await expect(leader.page.locator("h1")).to_contain_text("Øvelsesledelse")
    return int(leader.path.rsplit("/", 1)[1])


async def onward(leader: Visitor, town: Town, key: str) -> None:
    """To the next inject, again and again, until this one has come; never past what has not come yet."""
    for _ in range(200):
        now = await picture(town)
        if next(each.state for each in now.injects if each.key == key) is InjectState.FIRED:
            break
        if now.next is not None and (now.next.row.due_elapsed or 0.0) > now.elapsed:
            async with leader.page.expect_response("**/forward"):
                await leader.page.locator("#forward").click()
        await asyncio.sleep(0.1)
    await expect(leader.page.locator(f"#inject-{key} .ds-tag").first).to_have_text("kom")


async def join_and_see(leader: Visitor, player: Visitor) -> None:
    """The player finds the drill from the start page, takes a part and sees what came; the leader sees that."""
    page = player.page
    await player.go("/")
    await page.locator("#strip a[href='/inbox?mode=exercise']").click()
    await player.shot("drill inbox before joining")
    await page.locator("form[action='/inbox/parts'] button").first.click()
    await expect(page.locator("#strip")).to_contain_text("Du spiller: Kommunedirektør")
    await expect(page.locator("#strip")).to_contain_text("1 ny")
    await page.locator("#see-I1").click()
    await expect(page.locator("#letter-I1")).to_contain_text("Du har sett dette.")
    await expect(leader.page.locator("#inject-I1")).to_contain_text("Sett av Sentralbordet")
    await expect(leader.page.locator("#people")).to_contain_text("Kommunedirektør: Sentralbordet")


async def set_staff_and_send(leader: Visitor, player: Visitor) -> None:
    """The part lets the player do a director's work; what goes out stands in the control room, beginning with the marker."""
    page, room = player.page, leader.page
    await page.get_by_role("link", name="Sett krisestab i øvelsen").click()
    await page.locator("#hazard-landslide").check()
    await page.locator("main button[type=submit]").first.click()
    await expect(room.locator("#expectation-E1 .ds-tag")).to_have_text("møtt")
    for name, text in BLANKS.items():
        await page.fill(f"#blank-{name}", text)
    await page.locator("#begin").click()
    await page.locator("#review").click()
    await page.locator("#send").click()
    for channel in ("facebook", "twitter", "website", "sms"):
        screen = room.locator(f"[data-channel={channel}] .post-text")
        await expect(screen.first).to_contain_text(re.compile(r"^ØVELSE ØVELSE ØVELSE"), timeout=30_000)


async def switch_and_answer(leader: Visitor, player: Visitor, town: Town) -> None:
    """Another part, a resident's rumour, a judgement by one press, and an observer's note."""
    page, room = player.page, leader.page
    await player.go("/inbox?mode=exercise")
    await page.locator("form[action='/inbox/parts'] button").first.click()
    await expect(page.locator("#strip")).to_contain_text("Du spiller: Nettredaksjonen")
    await onward(leader, town, "I5")
    await expect(page.locator(".letters > li").first).to_have_id("letter-I5")
    await expect(page.locator("#letter-I5")).to_contain_text("ny")
    await expect(room.locator(".post.resident").first).to_contain_text("har delt")
    await Keyboard(room).press("#expectations-E9-yes")
    await expect(room.locator("#expectation-E9 .ds-tag")).to_have_text("møtt")
    await expect(room.locator("#expectation-E9")).to_be_focused()  # the keyboard is where the button was
    await room.fill("#text", "Nettredaksjonen svarte i kommentarfeltet etter to minutter.")
    await room.get_by_role("button", name="Noter").click()
    await expect(room.locator("#notes")).to_contain_text("svarte i kommentarfeltet")


async def test_a_leader_and_a_player_run_kvikkleireskred(enter: Enter, town: Town) -> None:
    leader, player = await enter(Role.PREPAREDNESS), await enter(Role.SWITCHBOARD)
    wrong = []
    async with conducting(town):
        at = f"/drills/{await start(leader)}"
        await expect(leader.page.locator("#inject-I1 .ds-tag")).to_have_text("kom")
        await join_and_see(leader, player)
        await set_staff_and_send(leader, player)
        await switch_and_answer(leader, player, town)
        wrong += await leader.check("drill control room")
        wrong += await player.check("drill inbox")
        for name, path in (("drill judge", f"{at}/expectations/E10"), ("drill stop", f"{at}/stop")):
            await leader.go(path)
            wrong += await leader.check(name, [DARK_PHONE])
        await leader.wear(DESKTOP)
        await leader.go(at)

        await onward(leader, town, "I9")
        await player.wear(DESKTOP)
        await player.go("/?mode=exercise", 403)
        wrong += await player.check("drill emergency word", [DARK_PHONE])
        await player.page.fill("#word", (await picture(town)).drill.glass_word)
        await player.page.get_by_role("button", name="Kom inn").click()
        await expect(player.page.locator("h1")).to_have_text("Innboks")

        await activate(town.crisis.db, DIRECTOR, Mode.ACTUAL, "Brann på Fjordhallen")
        for window in (leader, player):
            await expect(window.page.locator(".real-now")).to_contain_text("Dette er på ordentlig")
            await expect(window.page.locator(".real-now")).to_contain_text("Øvelsen er avbrutt")
        await expect(leader.page.locator("#standing")).to_contain_text("avbrutt av en virkelig hendelse")
        await expect(player.page.locator("#parts")).to_be_hidden()
        await leader.shot("drill interrupted control room")
        wrong += await player.check("drill interrupted inbox", [DARK_PHONE])
    assert not wrong, "\n".join(wrong)
    channels = {each["provider"] for each in town.sandbox.records()}
    assert {"graph", "x", "twilio"} <= channels, "it went out in the sandbox"


async def test_one_person_leads_and_plays_without_scripts_and_by_keyboard(enter: Enter, town: Town) -> None:
    window = await enter(Role.DIRECTOR, NO_SCRIPT)
    async with conducting(town):
        keys = Keyboard(window.page)
        await window.go("/drills/new?playbook=kvikkleireskred")
        await keys.follow("form[action='/drills'] button[type=submit]")
        at = window.path
        await keys.follow("#pause")
        await expect(window.page.locator("#standing")).to_contain_text("på pause")
        await keys.follow("#resume")
        await keys.follow("#injects-I7-skip")
        await expect(window.page.locator("#inject-I7 .ds-tag")).to_have_text("hoppet over")
        await keys.follow("#injects-I6-fire")
        await window.go("/inbox?mode=exercise")
        await keys.follow("form[action='/inbox/parts'] button")
        await expect(window.page.locator("#letter-I1")).to_be_visible()
        await keys.follow("#see-I1")
        await expect(window.page.locator("#letter-I1")).to_contain_text("Du har sett dette.")
        await window.wear(DARK_PHONE)
        await window.go(at)
        assert not await window.too_wide()
        await keys.follow("#stop-drill")
        await keys.write("#reason", "Prøven er over")
        await keys.follow("form[action$='/stop'] button")
        await expect(window.page.locator("#standing")).to_contain_text("avbrutt av øvingsleder")
