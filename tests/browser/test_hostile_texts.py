"""Texts that want to be more than text, typed into every field that people write in: nothing of them runs, on no page that shows
them, and the policy against it has nothing to stop.
"""

from datetime import timedelta

from playwright.async_api import expect
from sqlalchemy import text

from crisis import clock
from crisis.logbook import notes
from crisis.logbook.notes import Written
from crisis.messages import follow
from crisis.messages.models import Kind
from crisis.mode import Mode
from crisis.roles import Role
from tests import factories
from tests.browser import places
from tests.browser.conftest import Enter
from tests.browser.town import Town
from tests.crisis.deliveries.workbench import LIBRARIAN

RUNS = "window.__xss=(window.__xss||0)+1"
CORPUS = (
    f"<script>{RUNS}</script>",
    f"<img src=x onerror={RUNS}>",
    f'"><svg/onload={RUNS}>',
    f"' autofocus onfocus={RUNS} x='",
    f"</textarea><script>{RUNS}</script>",
    f"</title></style><script>{RUNS}</script>",
    f"javascript:{RUNS}",
    "$(7*7) %s %(x)s",
    f'<a href="javascript:{RUNS}" hx-get="/logout" hx-trigger="load">klikk</a>',
    f"<div hx-on:load='{RUNS}' data-hx-post='/logout' data-hx-trigger='load'>",
    "<meta http-equiv=refresh content='0;url=//elsewhere.invalid'>",
    f"\u202e]]>--><iframe srcdoc='<script>parent.{RUNS}</script>'></iframe>",
)
ALL = " ".join(CORPUS)
SHORT = CORPUS[1] + CORPUS[2]
MARKUP = "main :is(script, iframe, meta, svg, img, [onload], [onerror], [onfocus], [autofocus][x], a[href^='javascript:'], [data-hx-post])"


async def arranged(town: Town) -> None:
    """Names of accounts, lists and people, a unit's post, and a note: whatever is written elsewhere than in the composer."""
    crisis = town.crisis
    async with crisis.db.transaction() as session:
        for table, column in (("accounts", "name"), ("accounts", "leader"), ("audiences", "name"), ("users", "name")):
            await session.execute(text(f"UPDATE {table} SET {column} = {column} || ' ' || :said"), {"said": SHORT})
    outlets = await crisis.posts.outlets(LIBRARIAN)
    facebook = next(each.account for each in outlets if each.account.channel == "facebook")
    later = clock.now() + timedelta(hours=1)
    await crisis.posts.publish(LIBRARIAN, facebook.id, ALL, publish_at=later)


async def test_nothing_that_somebody_writes_runs_on_any_page(enter: Enter, town: Town) -> None:
    windows = {role: await enter(role) for role in places.READERS}
    await arranged(town)
    director = windows[Role.DIRECTOR]
    page = director.page
    await director.go("/activations/new")
    await page.fill("#title", SHORT)
    await page.click("main button[type=submit]")
    await director.go("/messages/new?hazard=landslide")
    for blank in await page.locator("input[id^=blank-]").all():
        await blank.fill("<img/src/onerror=__xss=1>")
    await page.click("#begin")
    await expect(page.locator("#composer")).to_be_visible()
    for field in ("headline", "what_happened", "where", "what_to_do", "leads", "contact", "short"):
        await page.fill(f"#{field}", ALL if field == "what_happened" else SHORT[:110])
    await page.click("#review")
    await expect(page.locator("#what")).to_be_visible()
    ids = await town.ids()
    await notes.write(town.crisis.db, factories.EDITOR, ids.activation, Written(ALL, told_by=SHORT))
    await director.go(f"/messages/{ids.message}/revisions/{ids.draft}")
    async with town.sending(Mode.ACTUAL):
        await town.crisis.desk.approve(factories.EDITOR, ids.draft)
        await town.until_sent()
    db, languages = town.crisis.db, town.crisis.settings.languages
    next_update_at = clock.now() + timedelta(hours=1)
    await follow.after(db, factories.EDITOR, ids.message, Kind.UPDATE, languages, next_update_at=next_update_at)
    ids = await town.ids()
    ran = []
    for role, path in places.of(ids):
        reader = windows[role]
        await reader.go(path)
        if await reader.page.evaluate("window.__xss") or await reader.page.locator(MARKUP).count():
            ran.append(
                (path, await reader.page.locator(MARKUP).evaluate_all("found => found.map((each) => each.outerHTML)"))
            )
    assert ran == []
