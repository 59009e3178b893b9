"""What no draft can hold stays on the page, and what was tampered with harms nobody."""

import json
from typing import Any

import pytest

from crisis.bootstrap import Crisis
from crisis.messages import release
from crisis.messages.models import Kind
from crisis.roles import Role
from tests import factories
from tests.api.desk.browser import Browser
from tests.api.desk.composing.composer import begin, keep, revision
from tests.api.desk.conftest import SignIn


@pytest.mark.usefixtures("place")
async def test_a_text_no_draft_can_hold_stays_on_the_page(sign_in: SignIn) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await begin(editor)
    page = await keep(editor, path, await editor.get(path), where="å" * 20_001)
    assert page.status == 422
    assert len(page.value("where") or "") == 20_001


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("base", ["", "[]", "{", '{"headline": 1}', '{"x": "y"}', "[" * 5000])
async def test_a_form_that_was_tampered_with_harms_nobody(sign_in: SignIn, base: str) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await begin(editor)
    page = await editor.get(path)
    tampered = {"base": base, "built_on": "-1", "terms_built_on": "x", "language": "tlh", "audience_id": "99999999999"}
    answered = await keep(editor, path, page, **tampered, where="Elvesletta")
    assert answered.status in {303, 409, 422}
    assert (await editor.get("/messages/1/revisions/99")).status == 404
    assert (await editor.get("/messages/2/revisions/1")).status == 404


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("role", [Role.UNIT, Role.AUDITOR, Role.ADMIN, Role.SWITCHBOARD])
async def test_others_than_the_desk_neither_write_nor_send(sign_in: SignIn, crisis: Crisis, role: Role) -> None:
    path = await begin(await sign_in(Role.EDITOR))
    other = await sign_in(role)
    assert (await other.get(path)).status == 403
    assert (await other.get("/messages/new")).status == 403
    for where in (
        path,
        f"{path}/presence",
        f"{path}/send",
        f"{path}/submit",
        f"{path}/send-back",
        "/messages/1/revisions",
    ):
        assert (await other.ask("POST", where, data={"csrf": other.csrf})).status == 403, where
    kept = await revision(crisis)
    assert (kept.saves, kept.state.value) == (1, "draft")


@pytest.mark.usefixtures("place")
async def test_a_message_goes_on_in_one_draft_of_each_kind(sign_in: SignIn, crisis: Crisis) -> None:
    kari, per = await sign_in(Role.EDITOR, name="Kari"), await sign_in(Role.EDITOR, name="Per")
    await begin(kari)
    await crisis.desk.approve(factories.EDITOR, 1)

    async def go_on(browser: Browser, kind: str) -> Any:
        return (await browser.ask("POST", "/messages/1/revisions", data={"csrf": browser.csrf, "kind": kind})).location

    update = await go_on(kari, "update")
    assert await go_on(per, "update") == update
    page = await kari.get(update)
    assert page.title.startswith("Oppdatering")
    assert page.value("where") == "Moen"
    clear = await kari.get(await go_on(kari, "all_clear"))
    assert (clear.value("where"), clear.value("headline")) == ("Moen", "")
    assert (await kari.ask("POST", "/messages/1/revisions", data={"csrf": kari.csrf, "kind": "x"})).status == 422
    assert (await revision(crisis, 2)).kind is Kind.UPDATE


@pytest.mark.usefixtures("place")
async def test_the_list_shows_what_waits_for_somebody_first(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR)
    await begin(editor)
    await crisis.desk.approve(factories.EDITOR, 1)
    await begin(editor, "flood", område="Elvesletta")
    await release.submit(crisis.db, factories.EDITOR, 2)
    page = await editor.get("/messages")
    entries = [" ".join(each.text_content().split()) for each in page.tree.cssselect(".message-list > li")]
    assert entries[0].startswith("Flom ved Elvesletta: Hold deg unna elva Venter på godkjenning: se over")
    assert "Oppdatering" in entries[1]
    assert json.dumps(entries).count("Uten overskrift") == 0
