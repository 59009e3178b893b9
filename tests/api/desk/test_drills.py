"""Drills at the desk: the playbooks, starting one, and why one does not start."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import aiohttp
import pytest

from api.desk.drill_sentences import DRILLS
from crisis.activations.service import activate
from crisis.bootstrap import Crisis, crisis_of
from crisis.db import Database
from crisis.drills import service
from crisis.drills.calendar import NationalTest
from crisis.drills.snapshot import taken
from crisis.drills.states import DrillState
from crisis.mode import Mode
from crisis.playbooks.models import Playbook
from crisis.roles import Actor, Role
from crisis.said import Said
from crisis.settings import Settings
from tests.api.desk.conftest import SignIn, signer
from tests.api.server import ApiServer
from tests.crisis.drills.stage import Run, book, expectation, inject
from tests.factories import DIRECTOR

MARKUP = "<script>alert(1)</script>"
SHARP = MARKUP + "{{7*7}}"
INJECTS = [inject("I1", expects=["E1"])]
EXPECTATIONS = [expectation("E1", "activate", "PT5M")]


def lay(folder: Path, playbook: Playbook) -> None:
    """Put a playbook on the shelf. JSON is YAML too."""
    text = json.dumps(taken(playbook), ensure_ascii=False, indent=1)
    (folder / f"{playbook.id}.yaml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf: one approved and overdue, one draft with sharp words in it, and one that nobody can use."""
    made = tmp_path_factory.mktemp("playbooks")
    lay(made, book(INJECTS, EXPECTATIONS, id="z-skred", review_by="2020-01-31"))
    lay(made, book(INJECTS, EXPECTATIONS, id="a-utkast", status="draft", title={"nb": MARKUP}))
    (made / "feil.yaml").write_text(f'schema: "playbook/1"\nsceneri: "{SHARP}"\n', encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def shelf_server(api_settings: Settings, folder: Path) -> Iterator[ApiServer]:
    with ApiServer(Settings(**api_settings.model_dump() | {"playbooks_dir": folder})) as server:
        yield server


@pytest.fixture
async def shelved(
    shelf_server: ApiServer,
    api_settings: Settings,
    db: Database,  # noqa: ARG001 - empties it
    without_cookies: aiohttp.ClientSession,
) -> AsyncIterator[SignIn]:
    made = crisis_of(api_settings)
    yield signer(shelf_server, made, without_cookies)
    await made.db.close()


async def state_of(crisis: Crisis, drill_id: int) -> DrillState:
    async with crisis.db.transaction() as session:
        return (await service.get(session, drill_id)).state


async def test_the_playbooks_stand_approved_first_and_those_with_faults_say_what_to_mend(shelved: SignIn) -> None:
    leader = await shelved(Role.PREPAREDNESS)
    page = await leader.get("/drills")
    assert page.status == 200
    books = [" ".join(each.text_content().split()) for each in page.tree.cssselect(".playbooks > li")]
    assert [each.split()[0] for each in books] == ["Kvikkleireskred", MARKUP, "feil.yaml"]
    assert "skulle vært gjennomgått 31. januar 2020" in books[0].replace("\xa0", " ")
    assert "utkast" in books[1]
    assert "kan ikke brukes" in books[2]
    assert "sceneri" in books[2]
    assert "<script>alert" not in page.body
    assert "Dere har ikke øvd her ennå." in page.text


async def test_starting_asks_for_nothing_but_the_speed_and_leads_to_the_control_room(
    shelved: SignIn, crisis: Crisis
) -> None:
    leader = await shelved(Role.PREPAREDNESS)
    page = await leader.get("/drills/new?playbook=z-skred")
    assert page.title.startswith("ØVELSE ØVELSE ØVELSE")
    for said in ("Spilløvelse", "2 t", "Kommunedirektør", "minst 1", "AVBRYT", "Det har regnet i tre døgn."):
        assert said.lower() in page.text.replace("\xa0", " ").lower()
    assert "Ingenting når innbyggerne" in page.text
    assert page.fields["speed"] == "1"
    room = await leader.send("/drills", playbook="z-skred", speed="60")
    assert room.status == 200
    assert "Øvelsesledelse" in room.title
    assert "60 ganger" in room.part("#standing")
    running = await leader.get("/drills")
    assert "Pågår nå" in running.text
    assert running.tree.cssselect(".running a[href^='/drills/']")
    async with crisis.db.transaction() as session:
        drill = await service.current(session)
    assert drill is not None
    assert drill.playbook_id == "z-skred"
    refused = await leader.send("/drills", playbook="a-utkast", speed="1")
    assert refused.status == 409
    assert "En annen øvelse pågår (z-skred, startet av en preparedness)." in refused.text


async def test_a_real_crisis_and_a_speed_that_no_clock_has_stand_on_the_page_in_its_language(
    shelved: SignIn, crisis: Crisis
) -> None:
    leader = await shelved(Role.PREPAREDNESS, language="nn")
    wrong = await leader.send("/drills", playbook="z-skred", speed="fort")
    assert wrong.status == 409
    assert "Øvingstida kan gå frå 0,1 til 3" in wrong.text
    await activate(crisis.db, DIRECTOR, Mode.ACTUAL, SHARP)
    page = await leader.send("/drills", playbook="z-skred", speed="1")
    assert page.status == 409
    assert f"Det er krise på alvor: Kommunedirektøren har sett krisestab for «{SHARP}»" in page.text
    assert "<script>alert" not in page.body
    assert "Øvingar kan startast når ho er avslutta." in (await leader.get("/drills")).text
    async with crisis.db.transaction() as session:
        assert await service.latest(session) is None


def test_the_national_test_is_told_in_the_desks_own_words() -> None:
    said = NationalTest(datetime.fromisoformat("2027-01-13T12:00+01:00")).args[0]
    assert isinstance(said, Said)
    ours = DRILLS[said.template] % said.values
    assert "13.01.2027 kl. 12.00" in ours
    assert "Start etter kl. 12.30" in ours


async def test_who_may_not_run_drills_neither_sees_nor_starts_any(shelved: SignIn, crisis: Crisis) -> None:
    for role in (Role.SWITCHBOARD, Role.UNIT, Role.ADMIN, Role.AUDITOR):
        window = await shelved(role, name=f"en til {role.value}")
        for path in ("/drills", "/drills/new?playbook=z-skred"):
            assert (await window.get(path)).status == 403, (role, path)
        assert (await window.post("/drills", playbook="z-skred", speed="1")).status == 403
        assert "Øvelser" not in (await window.get("/help")).part(".menu-line")
    stranger = await shelved(Role.PREPAREDNESS)
    stranger.csrf = "made up"
    assert (await stranger.post("/drills", playbook="z-skred", speed="1")).status == 403
    nobody = await shelved(None)
    assert (await nobody.get("/drills")).status == 303
    async with crisis.db.transaction() as session:
        assert await service.latest(session) is None


async def test_past_drills_say_how_they_went_and_lead_to_the_report(sign_in: SignIn, crisis: Crisis) -> None:
    run = await Run.of(
        crisis, book([*INJECTS, inject("I2")], [*EXPECTATIONS, expectation("E2", "refer", check="manual")])
    )
    leader = Actor("Beredskapskoordinatoren", Role.PREPAREDNESS)
    await service.stop(crisis.db, leader, run.drill.id, f"Nok {SHARP}")
    page = await (await sign_in(Role.DIRECTOR)).get("/drills")
    past = page.part(".past")
    assert "Kvikkleireskred ved Moen" in past
    assert "avbrutt av øvingsleder" in past
    assert "0 møtt, 0 for sent, 0 ikke møtt" in past
    assert page.tree.cssselect(f".past a[href='/drills/{run.drill.id}/report']")
