"""The frame of every page: who gets in, from where an act may come, and what is said when something is refused."""

import re

import pytest

from crisis.activations import service
from crisis.bootstrap import Crisis
from crisis.mode import Mode
from crisis.roles import Role
from tests import factories
from tests.api.desk.conftest import SignIn


async def test_nobody_gets_past_the_sign_in_page_and_comes_back_to_where_they_were(sign_in: SignIn) -> None:
    nobody = await sign_in(None)
    page = await nobody.get("/activations/new?mode=exercise")
    assert (page.status, page.location) == (303, "/login?next=/activations/new%3Fmode%3Dexercise")
    part = await nobody.get("/help", {"HX-Request": "true", "HX-Current-URL": f"{nobody.url}/messages/4?x=1"})
    assert (part.status, part.headers["HX-Redirect"]) == (401, "/login?next=/messages/4%3Fx%3D1")


async def test_a_page_loads_nothing_from_elsewhere_and_stands_in_nobodys_frame(sign_in: SignIn) -> None:
    page = await (await sign_in(Role.DIRECTOR)).get("/help")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert (page.headers["Cache-Control"], page.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page.body)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page.body)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "SELF"},
    ],
)
async def test_an_act_asked_for_by_another_site_is_not_done(
    sign_in: SignIn, crisis: Crisis, headers: dict[str, str]
) -> None:
    director = await sign_in(Role.DIRECTOR)
    sent = {name: director.url if value == "SELF" else value for name, value in headers.items()}
    page = await director.bare_post("/activations", sent, csrf=director.csrf, mode="actual", title="Skred")
    assert page.status == 403
    assert "Ingenting ble gjort" in page.text
    async with crisis.db.transaction() as session:
        assert await service.find_current(session, Mode.ACTUAL) is None


@pytest.mark.parametrize("token", ["", "x" * 64, None])
async def test_an_act_without_the_sessions_own_token_is_not_done(sign_in: SignIn, crisis: Crisis, token: str) -> None:
    director, other = await sign_in(Role.DIRECTOR), await sign_in(Role.DIRECTOR)
    given = other.csrf if token is None else token
    page = await director.bare_post("/activations", {"Origin": director.url}, csrf=given, mode="actual", title="Skred")
    assert page.status == 403
    async with crisis.db.transaction() as session:
        assert await service.find_current(session, Mode.ACTUAL) is None


async def test_what_is_not_there_is_said_in_a_page_to_a_browser_and_as_a_problem_to_a_script(sign_in: SignIn) -> None:
    director = await sign_in(Role.DIRECTOR)
    page = await director.get("/nothing/here")
    assert (page.status, page.title) == (404, "Finner ikke dette – Fjordvik kommune")
    assert (await director.get("/activations/99/stand-down")).status == 404
    script = await director.get("/nothing/here", {"Accept": "application/json"})
    assert (script.status, script.headers["Content-Type"]) == (404, "application/problem+json")
    assert (await director.get("/v1/nothing")).headers["Content-Type"] == "application/problem+json"


async def test_who_may_not_is_told_so_and_nothing_is_done(sign_in: SignIn, crisis: Crisis) -> None:
    admin = await sign_in(Role.ADMIN)
    assert (await admin.get("/activations/new")).status == 403
    page = await admin.post("/activations", mode="actual", title="Skred")
    assert (page.status, "Dette kan ikke du gjøre" in page.text) == (403, True)
    async with crisis.db.transaction() as session:
        assert await service.find_current(session, Mode.ACTUAL) is None


@pytest.mark.parametrize(
    ("language", "said"), [("nb", "Når noe skjer"), ("nn", "Når noko skjer"), ("en", "When something happens")]
)
async def test_everybody_reads_their_own_language(sign_in: SignIn, language: str, said: str) -> None:
    page = await (await sign_in(Role.EDITOR, language=language)).get("/help")
    assert said in page.text
    assert (page.headers["Content-Language"], f'lang="{language}"' in page.body) == (language, True)


async def test_an_exercise_has_its_words_in_every_page_and_never_hides_a_crisis(
    sign_in: SignIn, crisis: Crisis
) -> None:
    director = await sign_in(Role.DIRECTOR)
    await factories.activation(crisis.db, mode=Mode.EXERCISE)
    page = await director.get("/activations/new?mode=exercise")
    assert page.title.startswith("ØVELSE ØVELSE ØVELSE – ")
    assert "Ingenting herfra når innbyggerne" in page.text
    assert 'data-mode="exercise"' in page.body
    await factories.activation(crisis.db)
    assert "Krisestab er satt på ordentlig" in (await director.get("/activations/new?mode=exercise")).text
    page = await director.get("/activations/new")
    assert "ØVELSE" not in page.text
    assert "Det pågår en øvelse" in page.text


async def test_assets_are_kept_for_good_under_an_address_of_their_bytes(sign_in: SignIn) -> None:
    director = await sign_in(Role.DIRECTOR)
    page = await director.get("/help")
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.body)
    assert len(addresses) >= 6
    for address in addresses:
        found = await director.get(address)
        assert (found.status, found.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable"), address
    assert (await director.get(re.sub(r"/static/\w+/", "/static/0000/", addresses[0]))).status == 404


async def test_the_menu_stays_in_the_exercise_and_the_bar_leads_out_of_it(sign_in: SignIn, crisis: Crisis) -> None:
    director = await sign_in(Role.DIRECTOR)
    await factories.activation(crisis.db, mode=Mode.EXERCISE)
    page = await director.get("/activations/new?mode=exercise")
    assert 'href="/accounts?mode=exercise"' in page.body
    assert "Vis vanlig drift" in page.text
    page = await director.get("/activations/new")
    assert 'href="/accounts"' in page.body
    assert "Vis vanlig drift" not in page.text
