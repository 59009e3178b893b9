"""Players: what comes to their parts, whom they play, and what that lets them do; and nothing of it outside the exercise."""

import asyncio

import pytest

from crisis.activations.service import activate, find_current
from crisis.bootstrap import Crisis
from crisis.drills import service
from crisis.mode import Mode
from crisis.roles import Role
from tests.api.desk.conftest import SignIn
from tests.crisis.drills.stage import LEADER, Run, book, expectation, inject
from tests.factories import DIRECTOR

SHARP = "<script>alert(1)</script>{{7*7}}"
BOOK = book(
    [
        inject("I1", text={"nb": SHARP}, expects=["E1"], **{"from": SHARP}),
        inject("I2", via="press", to="redaktor"),
        inject("I3", "PT5M", via="system_fault", fault="idp_down", to="leder", **{"for": "PT10M"}),
        inject("I4", "PT30M"),
    ],
    [expectation("E1", "activate", "PT5M")],
)
INBOX = "/inbox?mode=exercise"


@pytest.fixture
async def run(crisis: Crisis) -> Run:
    return await Run.of(crisis, BOOK)


async def test_nobody_plays_where_there_is_no_drill(sign_in: SignIn) -> None:
    window = await sign_in(Role.SWITCHBOARD)
    assert (await window.get("/inbox")).location == INBOX
    assert "Ingen øvelse pågår." in (await window.get(INBOX)).part("#letters")
    assert (await window.post("/inbox/parts", part="leder")).status == 404
    assert (await (await sign_in(None)).get(INBOX)).status == 303


async def test_injects_come_to_the_parts_that_one_plays_until_they_are_seen(sign_in: SignIn, run: Run) -> None:
    window = await sign_in(Role.SWITCHBOARD)
    before = await window.get(INBOX)
    assert "Det har regnet i tre døgn." in before.part("#letters")
    assert "Innspill" not in before.part(".letters")
    page = await window.send("/inbox/parts", part="leder")
    assert [each.get("id") for each in page.tree.cssselect(".letters > li")] == ["letter-I1"]
    assert "Telefon" in page.part("#letter-I1")
    assert SHARP in page.part("#letter-I1")
    assert "<script>alert" not in page.body
    assert "1 ny" in page.part("#strip")
    assert "Du spiller: Kommunedirektør" in page.part("#strip")
    elsewhere = await window.get("/?mode=exercise")
    assert "1 ny" in elsewhere.part("#strip"), "it waits on every page of the exercise"
    assert "Det pågår en øvelse." in (await window.get("/")).part("#strip")
    seen = await window.send("/inbox/letters/I1")
    assert "Du har sett dette." in seen.part("#letter-I1")
    assert "ny" not in seen.part("#strip")
    picture = await run.picture()
    assert [each.by for each in picture.injects[0].seen] == ["en switchboard"]
    assert (await window.post("/inbox/letters/I4")).status == 404, "it has not come yet"


async def test_somebody_with_two_parts_plays_one_at_a_time_and_gives_them_up(sign_in: SignIn, run: Run) -> None:
    window = await sign_in(Role.SWITCHBOARD)
    await window.send("/inbox/parts", part="leder")
    page = await window.send("/inbox/parts", part="redaktor")
    assert "Du spiller: Nettredaksjonen" in page.part("#strip")
    assert len(page.tree.cssselect(".letters > li")) == 2
    assert "Bytt rolle" in page.part("#strip")
    assert "Du spiller: Kommunedirektør" in (await window.send("/inbox/parts", part="leder")).part("#strip")
    left = await window.send("/inbox/parts/leave", part="leder")
    assert "Du spiller: Nettredaksjonen" in left.part("#strip")
    assert (await window.post("/inbox/parts", part="ingen")).status == 404
    assert len((await run.picture()).parts_of("en switchboard")) == 1


async def test_a_part_counts_on_the_exercises_pages_and_nowhere_else(sign_in: SignIn, run: Run, crisis: Crisis) -> None:
    window = await sign_in(Role.SWITCHBOARD)
    assert (await window.get("/activations/new?mode=exercise")).status == 403
    await window.send("/inbox/parts", part="leder")
    assert (await window.get("/activations/new?mode=exercise")).status == 200
    assert (await window.get("/activations/new")).status == 403
    assert (await window.post("/activations", title="På ordentlig")).status == 403
    assert (await window.post("/activations", title="På ordentlig", mode="actual")).status == 403
    assert (await window.post("/activations?mode=exercise", title="På ordentlig", mode="actual")).status == 403
    done = await window.post("/activations", title="Skred", mode="exercise")
    assert done.status == 303
    async with crisis.db.transaction() as session:
        exercise = await find_current(session, Mode.EXERCISE)
        assert await find_current(session, Mode.ACTUAL) is None
    assert exercise is not None
    assert exercise.activated_by == "en switchboard"
    await run.look()
    assert (await window.get(f"/activations/{exercise.id}/stand-down")).status == 200
    await activate(crisis.db, DIRECTOR, Mode.ACTUAL, "Brann")
    async with crisis.db.transaction() as session:
        actual = await find_current(session, Mode.ACTUAL)
    assert actual is not None
    for path in (f"/activations/{actual.id}/stand-down", f"/activations/{actual.id}/stand-down?mode=exercise"):
        assert (await window.get(path)).status == 403, path
        assert (await window.post(path)).status == 403, path
    async with crisis.db.transaction() as session:
        assert await find_current(session, Mode.ACTUAL) is not None


@pytest.mark.parametrize("path", ["/users", "/settings", "/drills"])
async def test_a_part_opens_nothing_of_the_service_itself(sign_in: SignIn, run: Run, path: str) -> None:
    window = await sign_in(Role.SWITCHBOARD)
    await window.send("/inbox/parts", part="leder")
    assert (await window.get(f"{path}?mode=exercise")).status == 403
    assert (await window.get(path)).status == 403
    assert run.drill.id


async def test_a_watcher_of_an_exercises_board_may_be_there_by_the_part_alone(
    sign_in: SignIn, run: Run, crisis: Crisis
) -> None:
    window = await sign_in(Role.UNIT)
    done = await activate(crisis.db, DIRECTOR, Mode.EXERCISE, "Skred")
    await run.look()
    path = f"{window.url}/board/{done.activation.id}/live"
    cookie = {"Cookie": "; ".join(window.cookies.values())}
    async with window._session.get(path, headers=cookie) as refused:
        assert refused.status == 403
    await window.send("/inbox/parts", part="leder")
    async with window._session.get(path, headers=cookie) as stream:
        assert stream.status == 200
        async with asyncio.timeout(10):
            assert b"event: standing" in await stream.content.readuntil(b"event: standing")


async def test_while_signing_in_is_down_in_the_exercise_players_need_the_word_and_nobody_else_does(
    sign_in: SignIn, run: Run, crisis: Crisis
) -> None:
    player, other = await sign_in(Role.SWITCHBOARD), await sign_in(Role.LOGKEEPER)
    leader = await sign_in(Role.PREPAREDNESS)
    await player.send("/inbox/parts", part="leder")
    await run.to(6)
    for path in (INBOX, "/?mode=exercise", "/messages?mode=exercise"):
        shut = await player.get(path)
        assert shut.status == 403, path
        assert "Innloggingen svarer ikke" in shut.title
        assert shut.title.startswith("ØVELSE ØVELSE ØVELSE")
    assert (await player.get("/messages")).status == 200, "nothing real is touched"
    assert (await other.get("/messages?mode=exercise")).status == 200, "who does not play is not in it"
    assert (await leader.get(f"/drills/{run.drill.id}")).status == 200
    wrong = await player.send("/inbox/word", word=SHARP)
    assert wrong.status == 403
    assert "Det er ikke nødordet." in wrong.problem("word")
    inside = await player.send("/inbox/word", word=f" {run.drill.glass_word[:3]} {run.drill.glass_word[3:]}")
    assert inside.status == 200
    assert "I3" not in "".join(each.get("id") for each in inside.tree.cssselect(".letters > li")), (
        "what is down is theirs to find out"
    )
    assert (await other.post("/inbox/word", word=run.drill.glass_word)).status == 409
    await service.leave(crisis.db, LEADER, run.drill.id)
    (entry,) = await run.record("break_drill_glass")
    assert (entry["actor"], entry["mode"]) == ("en switchboard", "exercise")


async def test_when_it_is_over_the_inbox_says_so_and_nobody_plays_any_more(
    sign_in: SignIn, run: Run, crisis: Crisis
) -> None:
    player = await sign_in(Role.SWITCHBOARD)
    await player.send("/inbox/parts", part="leder")
    await service.stop(crisis.db, LEADER, run.drill.id, "Nok")
    assert "Øvelsen er over." in (await player.get(INBOX)).part("#letters")
    assert (await player.get("/activations/new?mode=exercise")).status == 403
