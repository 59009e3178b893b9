"""A unit's posts and the pointer in a real browser: under the lock, after it, ticked and published in turn; and typed text survives."""

import re

from playwright.async_api import expect

from crisis.activations import service
from crisis.activations.service import ActivationLocked
from crisis.roles import Role
from tests import factories
from tests.browser.conftest import Enter
from tests.browser.town import Town
from tests.browser.visitor import DARK_PHONE, DESKTOP
from tests.crisis.deliveries.workbench import LIBRARIAN

LOOKS = (DESKTOP, DARK_PHONE)


async def test_behind_the_lock_and_after_it_a_unit_sees_its_posts_and_gives_them_out_in_turn(
    town: Town, enter: Enter
) -> None:
    crisis = town.crisis
    page = await factories.account(crisis, "facebook", unit="biblioteket", name="Lesekroken")
    unit = await enter(Role.UNIT)
    await unit.go("/posts")
    await unit.page.get_by_label("Tekst").fill("Vi holder åpent til kl. 19.")
    await unit.go("/posts")
    await expect(unit.page.get_by_label("Tekst")).to_have_value("Vi holder åpent til kl. 19.")
    activation = await factories.activation(crisis.db)
    await unit.page.get_by_label("Facebook: Lesekroken").check()
    await unit.page.get_by_role("button", name=re.compile("Publiser nå|Ta vare på")).click()
    await expect(unit.page.get_by_text("Teksten er tatt vare på")).to_be_visible()
    await expect(unit.page.get_by_label("Tekst")).to_have_value("")
    for said in ("Eventyrstund på lørdag.", "Forfatterkveld på torsdag."):
        try:
            await crisis.posts.publish(LIBRARIAN, page, said)
        except ActivationLocked:
            continue
    editor = await enter(Role.EDITOR)
    await editor.go("/pointer")
    faults = await editor.check("pointer-new", LOOKS)
    await editor.page.get_by_role("button", name="Godkjenn").click()
    faults += await editor.check("pointer", LOOKS)
    await unit.go("/posts")
    faults += await unit.check("posts-locked", LOOKS)
    await unit.page.locator(f"#point-{page}").click()
    await expect(unit.page.get_by_text("på vei ut på 1 konto")).to_be_visible()
    await unit.go("/posts/1")
    faults += await unit.check("post-blocked", LOOKS)
    director = await enter(Role.DIRECTOR)
    await director.go(f"/activations/{activation.id}/stand-down")
    faults += await director.check("stand-down-pointer", LOOKS)
    await service.stand_down(crisis.db, factories.DIRECTOR, activation.id)
    await unit.go("/posts")
    await unit.page.locator("#pick-1").check()
    await unit.page.locator("#pick-2").check()
    async with unit.page.expect_response(re.compile("part=state")):
        pass  # what is fetched anew leaves what was ticked
    await expect(unit.page.locator("#pick-1")).to_be_checked()
    faults += await unit.check("posts-released", LOOKS)
    await unit.page.locator("#bulk-publish").click()
    await expect(unit.page.get_by_text("2 innlegg går ut etter tur")).to_be_visible()
    faults += await unit.check("posts-in-turn", LOOKS)
    await unit.page.locator("#take-back-2").click()
    await expect(unit.page.get_by_text("Det ligger under «Stanset av låsen».")).to_be_visible()
    await director.go(f"/activations/{activation.id}/access")
    faults += await director.check("access-none", LOOKS)
    assert not faults, "\n".join(faults)
