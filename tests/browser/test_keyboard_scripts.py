"""A script for every screen: its main act, reached and done by the keys alone; and where a part is swapped, the focus stays.

One town in a crisis serves them all, in this order: what ends something comes last.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import expect

from crisis.roles import MAY, Role
from tests.browser import places
from tests.browser.accessibility import focused
from tests.browser.conftest import Enter
from tests.browser.keyboard import Keyboard
from tests.browser.places import PLACES
from tests.browser.town import Town
from tests.browser.visitor import Visitor

Steps = Callable[[Keyboard, Visitor], Awaitable[None]]


@dataclass(frozen=True)
class Script:
    """``path``: a place's. ``steps``: what the hands do there."""

    path: str
    steps: Steps
    query: str = ""


def follow(selector: str, to: str) -> Steps:
    """What is pressed leads there."""

    async def steps(keys: Keyboard, window: Visitor) -> None:
        await keys.follow(selector)
        assert re.search(to, window.path), f"{selector} led to {window.path}"

    return steps


def fill(fields: dict[str, str], selector: str, said: str) -> Steps:
    """The fields are written in, and the button pressed; then the page says this."""

    async def steps(keys: Keyboard, window: Visitor) -> None:
        for field, text in fields.items():
            await keys.write(field, text)
        await keys.follow(selector)
        await expect(window.page.locator("main")).to_contain_text(said)

    return steps


def press(selector: str, seen: str) -> Steps:
    """What is pressed changes the page in its place, and the keyboard is still there."""

    async def steps(keys: Keyboard, window: Visitor) -> None:
        await keys.press(selector)
        await expect(window.page.locator(seen).first).to_be_visible()
        assert await focused(window.page), "the focus is lost"

    return steps


async def _composer(keys: Keyboard, window: Visitor) -> None:
    """What is written is saved by itself, and the parts that are swapped take the keyboard nowhere."""
    await keys.write("#where", "Moen, Elvesletta og Strandgata")
    await expect(window.page.locator("#saved")).to_have_attribute("data-kept", "yes")
    await expect(window.page.locator(".previews").first).to_contain_text("Strandgata")
    assert await focused(window.page) == "where"
    await keys.write("#next_update_at", "kl. 23.59")
    await window.page.wait_for_timeout(2500)
    assert await focused(window.page) == "next_update_at"
    await window.page.keyboard.press("Control+Enter")
    await window.page.wait_for_url("**/check")


async def _copy(keys: Keyboard, window: Visitor) -> None:
    await window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await keys.press("main button[type=button]")
    await expect(window.page.get_by_text("Kopiert.")).to_be_visible()
    assert await focused(window.page)


async def _narrow(keys: Keyboard, window: Visitor) -> None:
    """The list is narrowed as a choice is made, and the choice keeps the keyboard."""
    await keys.press("#channel", "ArrowDown")
    await window.page.wait_for_url("**/accounts?*channel=facebook*")
    await expect(window.page.locator("#account-1")).to_be_hidden()
    assert await focused(window.page) == "channel"


async def _schedule(keys: Keyboard, window: Visitor) -> None:
    await keys.press("[name=account]", "Space")
    await fill({"#text": "Åpent", "#publish_at": "25"}, "main button[value=later]", "Skriv klokkeslettet")(keys, window)


SCRIPTS = (
    Script("/", follow("main a[href^='/messages/new']", "^/messages/new")),
    Script(
        "/activations/new",
        fill({"#title": "Prøvealarm"}, "main button[type=submit]", "Øvelsen er startet."),
        "?mode=exercise",
    ),
    Script("/activations/{activation}/lock", follow("main a[href^='/messages/new']", "^/messages/new")),
    Script("/messages", follow("main a[href='/messages/1']", "^/messages/1$")),
    Script("/messages/new", follow("#hazard-fire", "hazard=fire")),
    Script(
        "/messages/new?hazard=landslide",
        fill({"#next_update_at": "kl. 99"}, "#begin", "Skriv klokkeslettet med fire tall"),
    ),
    Script("/messages/{message}", follow("a[id^='one-1-4']", "^/deliveries/4")),
    Script("/messages/{message}/recipients", follow("main form button", "channel=")),
    Script("/deliveries/{delivery}", _copy),
    Script("/messages/{message}/revisions/{draft}", _composer),
    Script("/messages/{message}/revisions/{draft}/check", press("main summary", "details[open]")),
    Script("/accounts", _narrow),
    Script("/accounts/{account}", follow("main a[href^='/accounts']", "^/accounts")),
    Script("/accounts/import", follow("main a[href='/accounts']", "^/accounts$")),
    Script("/posts", _schedule),
    Script("/audiences", follow("main a[href='/audiences/import']", "^/audiences/import$")),
    Script("/audiences/import", press("#replace", "#replace")),
    Script("/audiences/imports/{imported}", follow("main a[href='/audiences']", "^/audiences$")),
    Script("/switchboard", fill({}, "[id^='read-']", "Du har lest denne")),
    Script("/log", fill({"#text": "Broa er stengt."}, "#note button", "Broa er stengt.")),
    Script("/log/note", fill({"#note-text": "Veien er åpen."}, "#note-send", "Loggført.")),
    Script("/users", follow("main a[href='/users/new']", "^/users/new$")),
    Script("/users/new", fill({"#name": "Per", "#login": "per"}, "main button[type=submit]", "Per")),
    Script("/users/1", fill({"#name": "Direktøren"}, "main form button", "Direktøren")),
    Script("/settings", follow("main a[href*='check=yes']", "check=yes")),
    Script("/settings/checkup", follow("main a[href*='check=yes']", "check=yes")),
    Script("/help", press("#note-key", "#note-key[aria-pressed=false]")),
    Script("/me", fill({}, "form:has(#language) button", "Språk")),
    Script("/messages/{message}/withdraw", follow("main a[href='/messages/1']", "^/messages/1$")),
    Script("/messages/{message}/retract", fill({"#reason": "Feil melding"}, "main button[type=submit]", "falsk alarm")),
    Script("/activations/{activation}/stand-down", follow("main button[type=submit]", "^/$")),
)
"""In the order that they are carried out."""
OF_DRILLS = re.compile(r"^/drills|^/inbox|^/improvements|/report$")
"""Screens that need an exercise that was planned and played; they are not in this town."""


async def test_the_main_act_of_every_screen_is_done_by_the_keys_alone(enter: Enter, town: Town) -> None:
    ids = await town.in_crisis()
    opened = {place.path: place.act for place in PLACES}
    windows: dict[Role, Visitor] = {}
    wrong = []
    for script in SCRIPTS:
        act = opened[script.path]
        role = next(each for each in places.READERS if act is None or each in MAY[act])
        window = windows.setdefault(role, windows.get(role) or await enter(role))
        window.watch.allow(422, 409)
        try:
            await window.go(script.path.format(**vars(ids)) + script.query)
            await script.steps(Keyboard(window.page), window)
        except Exception as error:  # noqa: BLE001 - say what is wrong with every screen at once
            wrong.append(f"{script.path} ({role}): {type(error).__name__}: {str(error)[:300]}")
    assert not wrong, "\n".join(wrong)


def test_no_screen_is_without_a_script() -> None:
    left = {place.path for place in PLACES} - {script.path for script in SCRIPTS}
    assert not {path for path in left if not OF_DRILLS.search(path)}, "give each place a script here"
