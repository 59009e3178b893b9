"""A director whom the administrator makes: asked for a factor first, and shown to the other directors until one has seen it."""

from crisis.bootstrap import Crisis
from crisis.roles import Role
from tests.api.desk.conftest import SignIn
from tests.api.desk.known import age_factor

LINE = "Kari Moen kan nå sende krisemeldinger."


async def test_a_new_director_stands_on_every_directors_pages_until_one_has_seen_it(
    sign_in: SignIn, crisis: Crisis
) -> None:
    admin, ole, editor = await sign_in(Role.ADMIN, name="Ada"), await sign_in(Role.DIRECTOR), await sign_in(Role.EDITOR)
    await age_factor(crisis, "11 minutes")
    asked = await admin.post("/users", name="Kari Moen", login="kari", role="director", unit="")
    assert (asked.status, asked.title.split(" –")[0]) == (403, "Bekreft at det er deg")
    assert LINE not in (await ole.get("/")).text
    await age_factor(crisis, "-11 minutes")
    await admin.post("/users", name="Kari Moen", login="kari", role="director", unit="")
    for path in ("/", "/messages", "/help"):
        assert LINE in (await ole.get(path)).part(".bar")
    for browser in (admin, editor):
        assert LINE not in (await browser.get("/")).text
        assert (await browser.get("/appointments")).status == 403
        assert (await browser.post("/appointments/1/acknowledge")).status == 403
    page = await ole.get("/appointments")
    assert "Ada la til Kari Moen." in page.text
    page = await ole.send("/appointments/1/acknowledge")
    assert "Det er notert at du har sett det." in page.text
    assert "Du har sett alt." in page.text
    assert LINE not in (await ole.get("/")).text
    assert (await ole.post("/appointments/1/acknowledge")).status == 303, "twice is no error"


async def test_nobody_makes_themself_a_director(sign_in: SignIn) -> None:
    admin = await sign_in(Role.ADMIN, name="Ada")
    page = await admin.post("/users/1", name="Ada", role="director", unit="")
    assert (page.status, "En annen administrator kan" in page.text) == (422, True)
    assert (await admin.get("/users")).status == 200, "an administrator still"


async def test_several_are_one_line(sign_in: SignIn) -> None:
    admin, ole = await sign_in(Role.ADMIN), await sign_in(Role.DIRECTOR)
    for login in ("kari", "per"):
        await admin.post("/users", name=login.title(), login=login, role="editor", unit="")
    assert "2 personer kan nå sende krisemeldinger." in (await ole.get("/")).part(".bar")
