"""Check and send over HTTP: what is read is what goes out, once, by whoever may; and the button says what it does."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis, crisis_of
from crisis.messages import drafts, parts, release
from crisis.messages.models import Revision, RevisionState
from crisis.mode import Mode
from crisis.roles import Role
from crisis.settings import Settings, TwoPeople
from tests import factories
from tests.api.desk.browser import Browser, Page
from tests.api.desk.conftest import SignIn, signer
from tests.api.server import ApiServer
from tests.factories import EDITOR, LANGUAGES, SLIDE


async def a_draft(crisis: Crisis, *, people: int = 0, mode: Mode = Mode.ACTUAL) -> str:
    """A whole draft with somewhere to go; its address."""
    for channel in ("website", "facebook", "twitter", "sms"):
        await factories.account(crisis, channel)
    audience = await factories.audience(crisis, people) if people else None
    activation = await factories.activation(crisis.db, mode)
    draft = await factories.alert(crisis, activation.id, audience_id=audience)
    return f"/messages/{draft.message_id}/revisions/{draft.id}"


async def press(browser: Browser, page: Page, path: str, **more: str) -> Page:
    """Press the send button of a check page; do not follow."""
    fields = {"csrf": browser.csrf, "seen": page.value("seen") or "", **more}
    return await browser.ask("POST", f"{path}/send", data=fields)


async def revision(crisis: Crisis) -> Revision:
    async with crisis.db.transaction() as session:
        return await drafts.get(session, 1)


async def counted(crisis: Crisis) -> dict[str, int]:
    async with crisis.db.transaction() as session:
        rows = await session.execute(
            text("SELECT n.channel, count(*) FROM deliveries d JOIN renditions n ON n.id = d.rendition_id GROUP BY 1")
        )
        return {row.channel: row.count for row in rows}


async def test_the_button_says_where_it_goes_and_to_how_many(sign_in: SignIn, crisis: Crisis) -> None:
    path = await a_draft(crisis, people=1200)
    page = await (await sign_in(Role.EDITOR)).get(f"{path}/check")
    assert page.part("#send") == "Send nå til krisesiden, Facebook, X og SMS (1 200 mottakere)"
    assert "Anslått pris" in page.text
    assert len(page.tree.cssselect(".preview")) == 8  # four channels, and the retraction of each
    english = await (await sign_in(Role.EDITOR, language="en")).get(f"{path}/check")
    assert english.part("#send") == "Send now to the crisis page, Facebook, X, and SMS (1,200 recipients)"


async def test_a_press_sends_it_and_leads_to_where_it_is_followed(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR, name="Kari")
    path = await a_draft(crisis, people=3)
    sent = await press(editor, await editor.get(f"{path}/check"), path)
    assert (sent.status, sent.location) == (303, "/messages/1")
    assert (await revision(crisis)).approved_by == "Kari"
    assert await counted(crisis) == {"website": 1, "facebook": 1, "twitter": 1, "sms": 3}


async def test_pressing_twice_and_at_once_sends_it_once(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await a_draft(crisis, people=3)
    page = await editor.get(f"{path}/check")
    ended = await asyncio.gather(*(press(editor, page, path) for _ in range(4)))
    assert {(each.status, each.location) for each in ended} == {(303, "/messages/1")}
    assert await counted(crisis) == {"website": 1, "facebook": 1, "twitter": 1, "sms": 3}
    assert (await press(editor, page, path)).location == "/messages/1"


async def test_what_was_changed_since_it_was_read_is_shown_again_and_not_sent(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await a_draft(crisis)
    page = await editor.get(f"{path}/check")
    changed = {**SLIDE["nb"], "where": "Elvesletta"}
    await parts.save_text(crisis.db, EDITOR, 1, "nb", 1, changed, LANGUAGES)
    refused = await press(editor, page, path)
    assert refused.status == 409
    assert "Nettredaksjonen har endret teksten siden du så over. Ingenting er sendt." in refused.text
    assert "Elvesletta" in refused.text
    assert (await press(editor, refused, path)).location == "/messages/1"


async def test_the_crisis_page_can_have_it_alone(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await a_draft(crisis, people=3)
    assert (await press(editor, await editor.get(f"{path}/check"), path, only="website")).status == 303
    assert await counted(crisis) == {"website": 1}


async def test_what_is_missing_stands_there_and_no_button_sends_it(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await a_draft(crisis)
    fields = {**SLIDE["nb"], "where": "", "contact": "Ring {telefon}"}
    await parts.save_text(crisis.db, EDITOR, 1, "nb", 1, fields, LANGUAGES)
    page = await editor.get(f"{path}/check")
    assert "Hvor (bokmål): Skriv stedet, så folk vet om det gjelder dem." in page.text
    assert "Kontakt (bokmål): Fyll ut: {telefon}." in page.text
    assert page.part("#send") == ""
    forced = await editor.ask("POST", f"{path}/send", data={"csrf": editor.csrf, "seen": "2"})
    assert (forced.status, await counted(crisis)) == (422, {})
    assert "Ingenting er sendt. Rett dette først." in forced.text


async def test_a_translation_that_is_not_finished_waits_by_itself(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await a_draft(crisis)
    await parts.save_text(crisis.db, EDITOR, 1, "en", 0, {"headline": "Landslide"}, LANGUAGES)
    page = await editor.get(f"{path}/check")
    assert "Engelsk er ikke ferdig. Den sendes ikke nå" in page.text
    assert (await press(editor, page, path, leave_out=page.value("leave_out") or "")).status == 303
    kept = await revision(crisis)
    assert (list(kept.contents), kept.left_out) == (["nb"], {"en": {"headline": "Landslide"}})
    made = await editor.ask("POST", "/messages/1/revisions", data={"csrf": editor.csrf, "kind": "update"})
    assert (await editor.get(f"{made.location}?tab=en")).value("headline") == "Landslide"


async def test_an_exercise_says_so_in_the_button_and_around_it(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await a_draft(crisis, mode=Mode.EXERCISE)
    page = await editor.get(f"{path}/check")
    assert page.part("#send") == "Send i øvelsen til krisesiden, Facebook og X"
    assert "når ingen innbyggere" in page.text


async def test_hints_that_are_left_are_shown_and_go_on_record(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await a_draft(crisis)
    await parts.save_text(
        crisis.db, EDITOR, 1, "nb", 1, {**SLIDE["nb"], "what_happened": "Skred. To er savnet."}, LANGUAGES
    )
    page = await editor.get(f"{path}/check")
    assert "Er dette klarert med politiet?" in page.text
    await press(editor, page, path)
    async with crisis.db.transaction() as session:
        record = json.loads(await session.scalar(text("SELECT record FROM audit WHERE action = 'approve'")) or "{}")
    assert {"id": "police", "language": "nb", "field": "what_happened"} in record["detail"]["hints"]


# Two people


@pytest.fixture
async def strict(
    api_settings: Settings,
    crisis: Crisis,  # noqa: ARG001 - empties the database first
    without_cookies: aiohttp.ClientSession,
) -> AsyncIterator[SignIn]:
    """The same place where two people release a message, or one alone after five minutes."""
    settings = api_settings.model_copy(update={"two_people": TwoPeople.OVERRIDE})
    with ApiServer(settings) as server:
        made = crisis_of(settings)
        yield signer(server, made, without_cookies)
        await made.db.close()


async def test_with_two_people_one_sends_it_to_the_other(strict: SignIn, crisis: Crisis) -> None:
    kari, per = await strict(Role.EDITOR, name="Nettredaksjonen"), await strict(Role.DIRECTOR, name="Per")
    path = await a_draft(crisis, people=3)
    page = await kari.get(f"{path}/check")
    assert (page.part("#send"), page.part("#submit")) == ("", "Send til godkjenning")
    early = await kari.ask("POST", f"{path}/send", data={"csrf": kari.csrf, "seen": "1"})
    assert "Send den til godkjenning først" in early.text
    waiting = await kari.send(f"{path}/submit")
    assert "Du har skrevet i den, så en annen må sende." in waiting.text
    assert waiting.part("#send") == ""
    forced = await kari.ask("POST", f"{path}/send", data={"csrf": kari.csrf, "seen": "1"})
    assert (forced.status, await counted(crisis)) == (403, {})
    pers = await per.get(f"{path}/check")
    assert pers.part("#send").startswith("Send nå til")
    assert (await press(per, pers, path)).location == "/messages/1"
    kept = await revision(crisis)
    assert (kept.submitted_by, kept.approved_by) == ("Nettredaksjonen", "Per")


async def test_what_is_sent_back_says_why_to_those_who_wrote_it(strict: SignIn, crisis: Crisis) -> None:
    kari, per = await strict(Role.EDITOR, name="Nettredaksjonen"), await strict(Role.DIRECTOR, name="Per")
    path = await a_draft(crisis)
    await kari.send(f"{path}/submit")
    assert (await kari.get(path)).location == f"{path}/check"
    empty = await per.ask("POST", f"{path}/send-back", data={"csrf": per.csrf, "reason": " "})
    assert (empty.status, empty.problem("reason")) == (422, "Skriv hva som må endres, med høyst 1000 tegn.")
    back = await per.send(f"{path}/send-back", reason="Feil møtested")
    assert "Meldingen er sendt tilbake til Nettredaksjonen." in back.text
    page = await kari.get(path)
    assert "Per sendte den tilbake" in page.text
    assert "Feil møtested" in page.text


async def test_after_five_minutes_one_may_send_alone_and_is_told_that_it_goes_on_record(
    strict: SignIn, crisis: Crisis
) -> None:
    kari = await strict(Role.EDITOR, name="Nettredaksjonen")
    path = await a_draft(crisis)
    await release.submit(crisis.db, EDITOR, 1)
    assert "kan du sende alene" in (await kari.get(f"{path}/check")).text
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE revisions SET submitted_at = submitted_at - interval '5 minutes'"))
    page = await kari.get(f"{path}/check")
    assert "Du kan sende alene nå, og det blir loggført." in page.text
    assert (await press(kari, page, path)).location == "/messages/1"


async def test_what_waits_can_be_taken_back_and_changed(strict: SignIn, crisis: Crisis) -> None:
    kari = await strict(Role.EDITOR, name="Nettredaksjonen")
    path = await a_draft(crisis)
    await kari.send(f"{path}/submit")
    page = await kari.send(f"{path}/take-back")
    assert page.value("where") == SLIDE["nb"]["where"]
    assert (await revision(crisis)).state is RevisionState.DRAFT
