"""The users as an administrator keeps them: added, changed, shut out and let in again."""

import pytest

from crisis.bootstrap import Crisis
from crisis.roles import Role
from crisis.users import service
from tests.api.desk.conftest import SignIn
from tests.api.desk.login.kari import enrol


async def test_the_administrator_adds_changes_shuts_out_and_resets(sign_in: SignIn, crisis: Crisis) -> None:
    admin, nobody = await sign_in(Role.ADMIN), await sign_in(None)
    page = await admin.post("/users", name="", login="Ø", role="chief", unit="")
    assert page.status == 422
    assert page.problem("name")
    assert page.problem("role")
    page = await admin.post("/users", name="Ola Li", login="ola", role="unit", unit="")
    assert (page.value("name"), bool(page.problem("unit"))) == ("Ola Li", True)
    page = await admin.post("/users", name="Ola Li", login="ola", role="unit", unit="skole")
    address = page.part(".secret")
    assert address.startswith("https://krise.example.no/varsling/enrol/")
    await enrol(nobody, address.rpartition("/")[2])
    assert (await nobody.get("/help")).status == 200
    page = await admin.post("/users", name="Ola To", login="ola", role="editor", unit="")
    assert page.problem("login")
    async with crisis.db.transaction() as session:
        ola = await service.find_by_login(session, "ola")
    assert ola is not None
    page = await admin.send(f"/users/{ola.id}", name="Ola Lie", role="auditor", unit="")
    assert "gjelder fra nå" in page.text
    assert "Ola Lie" in (await nobody.get("/help")).text
    page = await admin.send(f"/users/{ola.id}/disable")
    assert "stengt ute" in page.text
    assert (await nobody.get("/help")).status == 303
    await admin.send(f"/users/{ola.id}/enable")
    page = await admin.post(f"/users/{ola.id}/reset")
    assert "/enrol/" in page.part(".secret")


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.ADMIN, Role.OPERATOR}])
async def test_users_are_the_administrators_alone(sign_in: SignIn, role: Role) -> None:
    somebody = await sign_in(role)
    for path in ("/users", "/users/new", "/users/1"):
        assert (await somebody.get(path)).status == 403
    for path in ("/users", "/users/1", "/users/1/disable", "/users/1/enable", "/users/1/reset", "/break-glass"):
        assert (await somebody.post(path, name="x", login="xx", role="director")).status == 403


async def test_an_administrator_cannot_undo_themself(sign_in: SignIn) -> None:
    admin = await sign_in(Role.ADMIN)
    page = await admin.get("/users")
    (own,) = page.tree.xpath("//main//td/a/@href")
    for act in ("disable", "reset"):
        page = await admin.post(f"{own}/{act}")
        assert (page.status, "En annen administrator kan" in page.text) == (422, True)
    page = await admin.post(own, name="Ada", role="director", unit="")
    assert page.problem("role")
