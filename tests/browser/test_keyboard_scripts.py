"""A script for every screen: its main act, reached and done by the keys alone; and where a part is swapped, the focus stays.

One town in a crisis serves them all, in this order: what ends something comes last.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from playwright.async_api import expect

from crisis.mode import Mode
from crisis.roles import MAY, Role
from tests.browser import places
from tests.browser.accessibility import focused
from tests.browser.conftest import Enter
from tests.browser.keyboard import Keyboard
from tests.browser.places import PLACES, Ids
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
        # What was pressed may be gone; the keyboard is somewhere all the same.
        await expect(window.page.locator("main :focus").first).to_be_attached()

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


async def _take_part(keys: Keyboard, window: Visitor) -> None:
    """The director's part is taken, and what has come to it is seen."""
    await keys.follow("form[action='/inbox/parts'] button")
    await press("[id^='see-']", "#letters [data-state=skipped]")(keys, window)


async def _judge(keys: Keyboard, window: Visitor) -> None:
    await keys.press("[name=met]", "Space")
    await fill({"main textarea": "Nølte ikke"}, "main form button[type=submit]", "Øvelsesledelse")(keys, window)


async def _improve(keys: Keyboard, window: Visitor) -> None:
    """What must change is written down, with who does it and when."""
    await keys.write("#improvement", "Nummeret til sentralbordet skal stå i malen")
    await keys.write("#owner", "Nettredaktøren")
    await keys.reach("#due")
    await window.page.keyboard.type("12312099")
    await keys.follow("form[action$='/improvements'] button")
    await expect(window.page.locator("main")).to_contain_text("Nummeret til sentralbordet")


SCRIPTS = (
    Script("/", follow("main a[href^='/messages/new']", "^/messages/new")),
    Script(
        "/activations/new",
        fill({"#title": "Prøvealarm"}, "main button[type=submit]", "Øvelsen er startet."),
        "?mode=exercise",
    ),
    Script("/activations/{activation}/lock", follow("main a[href^='/messages/new']", "^/messages/new")),
    Script("/activations/{activation}/lock-board", press("[id^='why-'] summary", "[id^='why-'][open]")),
    Script("/activations/{activation}/certificate", follow("main a[href$='/lock-board']", "/lock-board$")),
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
    Script("/contacts", fill({"#name": "Dag Dal", "#phone": "90000008"}, "#new button", "Dag Dal")),
    Script("/contacts/import", follow("main a[href='/contacts']", "^/contacts$")),
    Script("/contacts/{contact}", fill({"#name": "Lise Lunde"}, "main form button", "Lise Lunde")),
    Script("/breaches", follow("#breach-1", "^/breaches/1")),
    Script(
        "/breaches/{breach}",
        fill(
            {"#reached": "Lise Lund", "#said": "Tar det ned nå"}, "form:has(#reached) button", "Lise Lund er kontaktet"
        ),
    ),
    Script("/pointer", fill({}, "main form button[type=submit]", "Publiser på valgte kontoer")),
    Script("/posts", _schedule),
    Script("/posts/1", follow("main a.alone", "^/posts")),
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
    Script("/activations/{activation}/access", fill({}, "#give-1", "Tilgang til kontoene")),
)
"""In the order that they are carried out."""
DRILL_SCRIPTS = (
    Script("/inbox", _take_part),
    Script("/drills/{drill}", press("#pause", "#resume")),
    Script("/drills/{drill}/expectations/E3", _judge),
    Script("/drills/{drill}/impression", follow("main a[href$='/report']", "/report$")),
    Script("/drills/{drill}/report", _improve),
    Script("/drills/{drill}/answers", follow("main a[href$='/impression']", "/impression$")),
    Script("/improvements", fill({"main textarea": "Øvd på nytt"}, "main button[value=done]", "Avsluttet")),
    Script(
        "/activations/{activation}/report",
        fill({"#remark-went_well": "Rask på labben"}, "form:has(#remark-went_well) button", "Rask på labben"),
    ),
    Script(
        "/drills/{drill}/stop",
        fill({"main form input:not([type=hidden])": "Nok øvd"}, "main form button[type=submit]", "Førsteinntrykk"),
    ),
    Script("/drills", follow("main a[href*='playbook=kvikkleireskred']", "^/drills/new")),
    Script("/drills/new?playbook=kvikkleireskred", follow("main form button[type=submit]", "^/drills/[0-9]+$")),
)
"""In a town where a drill goes on, which they end, and begin another."""


async def test_the_main_act_of_every_screen_is_done_by_the_keys_alone(enter: Enter, town: Town) -> None:
    wrong = await wrong_with(SCRIPTS, enter, await town.in_crisis())
    assert not wrong, "\n".join(wrong)


async def test_and_of_every_screen_of_a_drill(enter: Enter, town: Town) -> None:
    ids = await town.in_crisis(Mode.EXERCISE)
    wrong = await wrong_with(DRILL_SCRIPTS, enter, ids)
    assert not wrong, "\n".join(wrong)


async def wrong_with(scripts: Sequence[Script], enter: Enter, ids: Ids) -> list[str]:
    """What is wrong with any of these screens in a town with these in it."""
    opened = {place.path: place for place in PLACES}
    windows: dict[Role, Visitor] = {}
    wrong = []
    for script in scripts:
        place = opened[script.path]
        role = next(each for each in places.READERS if place.act is None or each in MAY[place.act])
        window = windows.setdefault(role, windows.get(role) or await enter(role))
        window.watch.allow(422, 409)
        path = script.path.format(**vars(ids)) + script.query
        if ids.mode is Mode.EXERCISE and place.in_exercise:
            path += "?mode=exercise"
        try:
            await window.go(path)
            await script.steps(Keyboard(window.page), window)
        except Exception as error:  # noqa: BLE001 - say what is wrong with every screen at once
            wrong.append(f"{script.path} ({role}): {type(error).__name__}: {str(error)[:300]}")
    return wrong


def test_no_screen_is_without_a_script() -> None:
    left = {place.path for place in PLACES} - {script.path for script in (*SCRIPTS, *DRILL_SCRIPTS)}
    assert not left, "give each place a script here"
