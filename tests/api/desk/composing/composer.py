"""The composer over HTTP, as its tests use it."""

from datetime import timedelta

from crisis import clock
from crisis.bootstrap import Crisis
from crisis.messages import drafts
from crisis.messages.models import Revision
from tests.api.desk.browser import Browser, Page

WHOLE = {
    "headline": "Skred ved Moen: Gå ut av området nå",
    "what_happened": "Det har gått et kvikkleireskred ved Moen.",
    "where": "Moen",
    "what_to_do": "Gå ut av området.\r\n\r\n  \r\nMøt på Fjordhallen.",
    "leads": "Politiet",
    "contact": "Sentralbordet 74 00 00 00",
    "short": "Skred ved Moen. Gå ut nå.",
}


def hidden(page: Page) -> dict[str, str]:
    """What the form carries unseen."""
    names = ("language", "built_on", "base", "terms_built_on")
    return {name: page.value(name) or "" for name in names}


async def begin(browser: Browser, hazard: str = "landslide", **blanks: str) -> str:
    """A draft out of a template; the composer's address."""
    values = {"område": "Moen", "møtested": "Fjordhallen", "telefon": "74 00 00 00"} | blanks
    made = await browser.ask(
        "POST",
        "/messages",
        data={
            "csrf": browser.csrf,
            "mode": "actual",
            "hazard": hazard,
            **later(hours=1),
            "audience_id": "1",
            **{f"blank-{name}": value for name, value in values.items()},
        },
    )
    assert made.status == 303, made.text
    return str(made.location)


def later(**ahead: int) -> dict[str, str]:
    """A time, as its two fields have it."""
    at = (clock.now() + timedelta(**ahead)).astimezone(clock.OSLO)
    return {"next_update_at": f"{at:%H.%M}", "next_update_at-date": f"{at:%Y-%m-%d}"}


async def keep(browser: Browser, path: str, page: Page, **fields: str) -> Page:
    """Send the form of a page with these fields changed, as its save button does; do not follow."""
    shown = {name: page.value(name) or "" for name in WHOLE}
    terms = {name: page.value(name) or "" for name in ("next_update_at", "next_update_at-date", "audience_id")}
    return await browser.ask("POST", path, data={"csrf": browser.csrf, **hidden(page), **terms, **shown, **fields})


async def revision(crisis: Crisis, number: int = 1) -> Revision:
    async with crisis.db.transaction() as session:
        return await drafts.get(session, number)
