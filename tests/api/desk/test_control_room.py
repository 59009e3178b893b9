"""The control room: led by whoever may run drills, by its buttons, and shown as it stands, however sharp the words in it are."""

import asyncio
from datetime import timedelta

import pytest

from crisis.activations.service import activate, find_current
from crisis.bootstrap import Crisis
from crisis.drills import service
from crisis.drills.states import DrillState, ExpectationState, InjectState
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests.api.desk.conftest import SignIn
from tests.crisis.drills.stage import Run, book, expectation, inject
from tests.factories import DIRECTOR

SHARP = "<script>alert(1)</script>{{7*7}}"
BOOK = book(
    [
        inject("I1", expects=["E1", "E2"]),
        inject("I2", "PT10M", via="social", text={"nb": SHARP}, contingency={"nb": SHARP}, **{"from": {"en": SHARP}}),
        inject("I3", "PT1H"),
    ],
    [
        expectation("E1", "activate", "PT5M"),
        expectation("E2", SHARP[1:7], "PT5M", check="manual", note={"nb": SHARP}),
    ],
    title={"nb": SHARP},
    objectives=[{"id": "M1", "text": {"nb": SHARP}}],
    exercise={"form": "spill", "duration": "PT2H", "stop_word": {"nb": SHARP}},
)


@pytest.fixture
async def run(crisis: Crisis) -> Run:
    return await Run.of(crisis, BOOK)


async def test_it_shows_the_clock_what_comes_what_is_expected_and_who_plays(
    sign_in: SignIn, run: Run, crisis: Crisis
) -> None:
    await service.join(crisis.db, DIRECTOR, run.drill.id, "leder")
    await service.join(crisis.db, Actor(SHARP, Role.SWITCHBOARD), run.drill.id, "redaktor")
    leader = await sign_in(Role.PREPAREDNESS)
    page = await leader.get(f"/drills/{run.drill.id}")
    assert page.status == 200
    assert page.title.startswith("ØVELSE ØVELSE ØVELSE")
    (clock,) = page.tree.cssselect("[data-drill-clock]")
    assert (clock.get("data-speed"), clock.get("data-elapsed"), clock.get("data-most")) == ("1.0", "0.0", "7200.0")
    assert page.part("#inject-I1 .ds-tag") == "kom"
    assert page.part("#inject-I2 .ds-tag") == "neste"
    assert page.part("#inject-I3 .ds-tag") == "venter"
    assert "tiden går" in page.part("#expectation-E1")
    (deadline,) = page.tree.cssselect("#expectation-E1 [data-drill-until]")
    assert float(deadline.get("data-drill-until")) == pytest.approx(300, abs=2)
    assert "Kommunedirektør: Kommunedirektøren" in page.part("#people")
    assert f"Nettredaksjonen: {SHARP}" in page.part("#people")
    assert run.drill.glass_word in page.part("#standing")
    assert "bare på engelsk" in page.part("#inject-I2 .line-who")
    assert "<script>alert" not in page.body
    assert "49" not in page.part("#inject-I2 .line-text")
    assert page.part("#inject-I2 .line-text") == SHARP


async def test_it_says_so_when_no_conductor_makes_it_go(sign_in: SignIn, run: Run, crisis: Crisis) -> None:
    leader, at = await sign_in(Role.PREPAREDNESS), f"/drills/{run.drill.id}"
    assert "crisis conductor" not in (await leader.get(at)).part("#standing")
    async with crisis.db.transaction() as session:
        drill = await service.get(session, run.drill.id)
        drill.started_at = drill.conducted_at = drill.started_at - timedelta(minutes=1)
    assert "Innspillene kommer ikke av seg selv nå." in (await leader.get(at)).part("#standing [role=alert]")


async def test_it_pauses_goes_on_and_goes_faster(sign_in: SignIn, run: Run) -> None:
    leader, at = await sign_in(Role.PREPAREDNESS), f"/drills/{run.drill.id}"
    page = await leader.send(f"{at}/pause")
    assert "på pause" in page.part("#standing")
    assert page.tree.cssselect("[data-drill-clock][data-speed='0.0']")
    assert "Fortsett" in page.part("#standing")
    assert "pågår" in (await leader.send(f"{at}/resume")).part("#standing")
    assert "20 ganger" in (await leader.send(f"{at}/speed", speed="20")).part("#standing")
    refused = await leader.send(f"{at}/speed", speed="1e9")
    assert (await run.picture()).clock.speed == 20
    assert refused.status == 422
    await leader.send(f"{at}/forward")
    await run.look()
    assert (await run.injects())["I2"] is InjectState.FIRED
    assert (await run.picture()).elapsed >= 600


async def test_injects_are_given_and_skipped_and_what_another_leader_did_first_is_said(
    sign_in: SignIn, run: Run
) -> None:
    leader, at = await sign_in(Role.PREPAREDNESS), f"/drills/{run.drill.id}/injects"
    before = await leader.get(f"/drills/{run.drill.id}")
    page = await leader.send(f"{at}/I3/fire")
    order = [[each.get("id") for each in seen.tree.cssselect("#timeline li")] for seen in (before, page)]
    assert order == [["inject-I1", "inject-I2", "inject-I3"], ["inject-I1", "inject-I3", "inject-I2"]], "by time"
    assert page.part("#inject-I3 .ds-tag") == "kommer nå"
    await run.look()
    part = await leader.ask("POST", f"{at}/I2/skip", data={"csrf": leader.csrf}, headers={"HX-Request": "true"})
    assert part.status == 200
    assert "<html" not in part.body
    assert part.part("#inject-I2 .ds-tag") == "hoppet over"
    assert await run.injects() == {"I1": InjectState.FIRED, "I2": InjectState.SKIPPED, "I3": InjectState.FIRED}
    late = await leader.ask("POST", f"{at}/I2/fire", data={"csrf": leader.csrf}, headers={"HX-Request": "true"})
    assert "Innspill I2 er allerede gitt eller hoppet over." in late.part("#timeline")
    assert (await leader.post(f"{at}/I2/fire")).status == 409
    assert (await leader.post(f"{at}/I9/fire")).status == 404


async def test_what_no_machine_can_tell_the_leader_judges_by_one_press_or_with_a_note(
    sign_in: SignIn, run: Run
) -> None:
    leader, at = await sign_in(Role.PREPAREDNESS), f"/drills/{run.drill.id}/expectations"
    asked = await leader.get(f"{at}/E2")
    assert SHARP in asked.text
    assert "<script>alert" not in asked.body
    assert "Velg om forventningen ble møtt." in (await leader.send(f"{at}/E2", met="", note="Så det")).problem("met")
    long = await leader.send(f"{at}/E2", met="no", note="x" * 2001)
    assert long.status == 422
    assert long.value("note") == "x" * 2001
    page = await leader.send(f"{at}/E2", met="yes", note=SHARP)
    assert "Avgjort av en preparedness." in page.part("#expectation-E2")
    assert SHARP in page.part("#expectation-E2")
    assert (await run.expectations())["E2"] is ExpectationState.MET
    again = await leader.ask(
        "POST", f"{at}/E2", data={"csrf": leader.csrf, "met": "no"}, headers={"HX-Request": "true"}
    )
    assert "Forventning E2 er allerede avgjort." in again.part("#expected")
    assert (await leader.get(f"{at}/E9")).status == 404


async def test_observers_write_during_it_and_nothing_typed_is_lost(sign_in: SignIn, run: Run) -> None:
    observer, at = await sign_in(Role.PREPAREDNESS), f"/drills/{run.drill.id}"
    page = await observer.get(at)
    empty = await observer.send(f"{at}/notes", text=" ", objective="M1", once=page.fields["once"])
    assert (empty.status, empty.value("objective")) == (422, "M1")
    long = await observer.send(f"{at}/notes", text="y" * 4001, objective="", once=page.fields["once"])
    assert long.value("text") == "y" * 4001
    for _ in range(2):
        done = await observer.send(f"{at}/notes", text=SHARP, objective="M1", once=page.fields["once"])
    assert done.part("#notes").count("en preparedness: <script>") == 1
    assert "<script>alert" not in done.body
    assert (await observer.post(f"{at}/notes", text="Noe", objective="M9", once="")).status == 404


async def test_stopping_asks_first_says_the_stop_word_and_wants_to_know_why(
    sign_in: SignIn, run: Run, crisis: Crisis
) -> None:
    await activate(crisis.db, DIRECTOR, Mode.EXERCISE, "Skred")
    await run.look()
    leader, at = await sign_in(Role.PREPAREDNESS), f"/drills/{run.drill.id}"
    asked = await leader.get(f"{at}/stop")
    assert asked.part(".stop-word") == SHARP
    assert (await leader.send(f"{at}/stop", reason=" ")).problem("reason").startswith("Skriv hvorfor")
    page = await leader.send(f"{at}/stop", reason=SHARP)
    assert "Si stoppordet til alle" in page.text
    assert "avbrutt av øvingsleder" in page.part("#standing")
    assert SHARP in page.part("#standing")
    assert not page.tree.cssselect("#timeline form, #expected form, #standing form")
    assert "Øvelsen er over, og ingenting i den kan endres." in (await leader.post(f"{at}/pause")).text
    async with crisis.db.transaction() as session:
        assert await find_current(session, Mode.EXERCISE) is None


async def test_a_real_crisis_is_said_in_full_width_to_leader_and_players(
    sign_in: SignIn, run: Run, crisis: Crisis
) -> None:
    leader, player = await sign_in(Role.PREPAREDNESS), await sign_in(Role.SWITCHBOARD)
    await player.send("/inbox/parts", part="leder")
    before = await player.get("/inbox?mode=exercise")
    version = before.tree.cssselect("#strip")[0].get("hx-get")
    assert (await player.get(version, partial=True)).status == 204
    await activate(crisis.db, DIRECTOR, Mode.ACTUAL, f"Brann {SHARP}")
    await run.look()
    strip = await player.get(version, partial=True)
    for page in (strip, await leader.get(f"/drills/{run.drill.id}"), await player.get("/inbox?mode=exercise")):
        said = page.part(".real-now")
        assert "Dette er på ordentlig: krisestab er satt" in said
        assert "Øvelsen er avbrutt." in said
        assert "<script>alert" not in page.body
        assert page.tree.cssselect(".real-now a[href='/']")
    assert (await run.picture()).drill.state is DrillState.INTERRUPTED


async def test_only_who_may_run_drills_leads_and_a_part_in_it_gives_nobody_that(sign_in: SignIn, run: Run) -> None:
    at = f"/drills/{run.drill.id}"
    player = await sign_in(Role.SWITCHBOARD)
    await player.send("/inbox/parts", part="leder")
    for path in ("", "/stop", "/expectations/E2", "/live", "?mode=exercise"):
        assert (await player.get(at + path)).status == 403, path
    acts = (
        "/pause",
        "/resume",
        "/speed",
        "/forward",
        "/injects/I2/fire",
        "/injects/I2/skip",
        "/expectations/E2",
        "/notes",
        "/stop",
    )
    for path in acts:
        answer = await player.post(at + path, reason="x", speed="2", met="yes", text="x")
        assert answer.status == 403, path
    leader = await sign_in(Role.EDITOR)
    await leader.send("/inbox/parts", part="redaktor")
    assert (await leader.get(at + "?mode=exercise")).status == 200, "who leads may play, and leads still"
    stranger = await sign_in(Role.PREPAREDNESS)
    for path in acts:
        assert (await stranger.bare_post(at + path, {"Origin": "https://elsewhere.example"})).status == 403, path
    picture = await run.picture()
    assert picture.drill.state is DrillState.RUNNING
    assert {each.state for each in picture.injects} == {InjectState.FIRED, InjectState.WAITING}


async def test_it_changes_by_itself_for_whoever_watches(sign_in: SignIn, run: Run) -> None:
    leader = await sign_in(Role.PREPAREDNESS)
    url, cookie = f"{leader.url}/drills/{run.drill.id}/live", "; ".join(leader.cookies.values())
    async with leader._session.get(url, headers={"Cookie": cookie, "Accept": "text/event-stream"}) as stream:
        assert stream.status == 200
        await leader.post(f"/drills/{run.drill.id}/injects/I2/skip")
        said = ""
        async with asyncio.timeout(10):
            while "hoppet over" not in said:
                said += (await stream.content.readany()).decode()
    assert "event: timeline" in said
    assert "<script>alert" not in said
