"""A crisis that is set with a playbook: its texts where messages are written, its roles, checklists and targets on the board."""

from datetime import timedelta

from sqlalchemy import select

from crisis.activations import service
from crisis.bootstrap import Crisis
from crisis.clock import OSLO
from crisis.messages import drafts
from crisis.messages.models import Kind, Revision
from crisis.mode import Mode
from crisis.playbooks.models import Playbook
from crisis.playbooks.plan import carry
from crisis.roles import Role
from tests import factories
from tests.api.desk.conftest import SignIn
from tests.factories import DIRECTOR, EDITOR

SLIDE = "kvikkleireskred"


def text_for(playbook: Playbook, kind: Kind) -> str:
    """The id of its first text for this kind of message."""
    return playbook.templates_of(kind)[0].id


async def test_the_director_chooses_it_and_comes_to_its_first_message(sign_in: SignIn, crisis: Crisis) -> None:
    playbook = crisis.shelf.get(SLIDE)
    director = await sign_in(Role.DIRECTOR)
    page = await director.get("/activations/new")
    assert f'<option value="{SLIDE}">' in page.body
    page = await director.post("/activations", mode="actual", hazard="", title="", playbook=SLIDE)
    alert = text_for(playbook, Kind.ALERT)
    assert page.location == f"/messages/new?template={alert}"
    async with crisis.db.transaction() as session:
        activation = await service.find_current(session, Mode.ACTUAL)
    assert activation is not None
    assert (activation.playbook_id, activation.title) == (SLIDE, playbook.title.get("nb"))
    page = await director.get(f"/messages/new?template={alert}")
    assert page.fields["template"] == alert
    blanks = {f"blank-{name}": "Elvesletta" for name in playbook.blanks}
    page = await director.post("/messages", mode="actual", template=alert, hazard="landslide", **blanks)
    assert page.status == 303
    async with crisis.db.transaction() as session:
        revision = (await session.scalars(select(Revision))).one()
        message = await drafts.get_message(session, revision.message_id)
    assert message.hazard == "landslide"
    assert set(revision.contents) == {"nb", "nn", "en"}
    assert "Elvesletta" in str(revision.contents["nb"])
    assert revision.contents["nb"]["leads"] == playbook.templates_of(Kind.ALERT)[0].contents["nb"]["leads"]


async def test_its_texts_stand_beside_the_librarys(sign_in: SignIn, crisis: Crisis) -> None:
    await service.activate(crisis.db, DIRECTOR, Mode.ACTUAL, "Skred", carry(crisis.shelf, SLIDE, Mode.ACTUAL))
    editor = await sign_in(Role.EDITOR, language="en")
    page = await editor.get("/messages/new")
    assert "From the playbook “" in page.text
    assert 'id="hazard-flood"' in page.body


async def test_an_update_begins_with_its_text(sign_in: SignIn, crisis: Crisis) -> None:
    await factories.account(crisis, "website")
    carried = carry(crisis.shelf, SLIDE, Mode.ACTUAL)
    done = await service.activate(crisis.db, DIRECTOR, Mode.ACTUAL, "Skred", carried)
    draft = await factories.alert(crisis, done.activation.id)
    await crisis.desk.approve(EDITOR, draft.id)
    playbook = crisis.shelf.get(SLIDE)
    key = text_for(playbook, Kind.ALL_CLEAR)
    editor = await sign_in(Role.EDITOR)
    page = await editor.get(f"/messages/{draft.message_id}")
    assert f'id="ready-{key}"' in page.body
    page = await editor.post(f"/messages/{draft.message_id}/revisions", kind="all_clear", template=key)
    async with crisis.db.transaction() as session:
        revision = await drafts.get(session, int(page.location.rpartition("/")[2]))
    assert revision.kind is Kind.ALL_CLEAR
    assert revision.contents["nb"]["headline"] == playbook.templates_of(Kind.ALL_CLEAR)[0].contents["nb"]["headline"]


async def test_the_board_has_its_roles_checklists_and_targets(sign_in: SignIn, crisis: Crisis) -> None:
    await factories.account(crisis, "website")
    carried = carry(crisis.shelf, SLIDE, Mode.ACTUAL)
    slower = dict(carried.plan) | {"targets": {"switchboard": "PT25M"}}
    done = await service.activate(
        crisis.db, DIRECTOR, Mode.ACTUAL, "Skred", type(carried)(SLIDE, carried.version, carried.sha256, slower)
    )
    draft = await factories.alert(crisis, done.activation.id)
    approved = (await crisis.desk.approve(EDITOR, draft.id)).revision
    playbook = crisis.shelf.get(SLIDE)
    director = await sign_in(Role.DIRECTOR)
    page = await director.get("/")
    for role in playbook.roles:
        assert (role.title.get("nb") in page.text) == (role.side == "players"), role.id
    assert playbook.roles[0].checklist[0].get("nb") in page.text
    assert "<dd>25\N{NO-BREAK SPACE}min" in page.body
    assert approved.approved_at is not None
    due = (approved.approved_at + timedelta(minutes=25)).astimezone(OSLO)
    assert f"{due:kl. %H.%M}" in page.text.partition("Har fått siste melding")[2], (
        "the switchboard's time is the playbook's"
    )


async def test_without_a_playbook_nothing_of_it_is_there(sign_in: SignIn, crisis: Crisis) -> None:
    await factories.activation(crisis.db)
    director = await sign_in(Role.DIRECTOR)
    assert 'id="plan"' not in (await director.get("/")).body
    page = await director.get("/messages/new?template=alert")
    assert 'id="hazard-flood"' in page.body, "a text that is not there leads to the choice"
