"""The watch at the desk: a breach stands on every page until somebody has dealt with it, and it shows who was last seen when."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from crisis import clock
from crisis.bootstrap import Crisis
from crisis.channel_watch import Posted
from crisis.mode import Mode
from crisis.roles import Role
from crisis.watch import breaches
from crisis.watch.breaches import Sighted
from tests import factories
from tests.api.desk.conftest import SignIn
from tests.api.desk.stream import watching

LIBRARY = "biblioteket"


async def breached(crisis: Crisis, *, said: str = "Kom på lesestund i kveld!", mode: Mode = Mode.ACTUAL) -> int:
    """A post that is not ours, on the library's page; the breach's number."""
    account = await factories.account(crisis, "facebook", unit=LIBRARY, name=f"Biblioteket {said[:5]}")
    activation = await factories.activation(crisis.db, mode)
    posted = Posted("1_100000001", 30.0, said, "https://www.facebook.com/1_100000001", "Kari Holm")
    at = clock.now() + timedelta(minutes=4)
    async with crisis.db.transaction() as session:
        (number,) = await breaches.record(session, mode, [Sighted(activation.id, account, (account,), posted, at)])
    return number


async def looked(crisis: Crisis, account: int, **columns: str) -> None:
    """What the watch wrote about an account: SQL for each column."""
    names, values = ", ".join(columns), ", ".join(columns.values())
    async with crisis.db.transaction() as session:
        await session.execute(
            text(
                f"INSERT INTO watches (mode, activation_id, account_id, {names}) SELECT a.mode, a.id, :account, {values} FROM activations a"
            ),
            {"account": account},
        )


async def test_a_breach_stands_on_every_page_until_its_owner_was_reached(sign_in: SignIn, crisis: Crisis) -> None:
    number = await breached(crisis)
    editor = await sign_in(Role.EDITOR)
    for path in ("/", "/accounts", "/messages", "/breaches"):
        assert "Brudd: 1 innlegg som ikke er vårt, er ute." in (await editor.get(path)).text, path
    page = await editor.get(f"/breaches/{number}")
    for said in ("Kom på lesestund i kveld!", "av Kari Holm", "4 min", "Ingen har tatt seg av det", LIBRARY):
        assert said in page.text, said
    assert page.tree.cssselect('a[href="https://www.facebook.com/1_100000001"]')
    unsaid = await editor.post(f"/breaches/{number}/contact", reached="Kari Holm", said="")
    assert unsaid.status == 422
    assert unsaid.value("reached") == "Kari Holm", "what was typed is kept"
    done = await editor.post(f"/breaches/{number}/contact", reached="Kari Holm", said="Hun tar det ned.")
    assert done.status == 303
    assert done.headers["Location"] == "/breaches"
    assert "er ute." not in (await editor.get("/")).text
    shown = (await editor.get(f"/breaches/{number}")).text
    assert "Eieren er kontaktet" in shown
    assert "«Kari Holm: Hun tar det ned.»" in shown


async def test_a_post_may_stand_with_a_reason_and_what_cannot_be_taken_down_says_why(
    sign_in: SignIn, crisis: Crisis
) -> None:
    number = await breached(crisis)
    director = await sign_in(Role.DIRECTOR)
    taken = await director.post(f"/breaches/{number}/take-down")  # nobody listens where the provider should be
    assert taken.status == 409
    assert "Innlegget er ikke tatt ned." in taken.text
    assert "Sist vi prøvde å ta det ned:" in taken.text
    assert (await director.post(f"/breaches/{number}/accept", reason=" ")).status == 422
    done = await director.post(f"/breaches/{number}/accept", reason="Det er ikke i veien.")
    assert done.status == 303
    assert "Får stå" in (await director.get(f"/breaches/{number}")).text


async def test_who_only_reads_sees_it_and_is_asked_for_nothing(sign_in: SignIn, crisis: Crisis) -> None:
    number = await breached(crisis)
    reader = await sign_in(Role.SWITCHBOARD)
    page = await reader.get(f"/breaches/{number}")
    assert not page.tree.cssselect("form[action*=breaches]")
    assert (await reader.post(f"/breaches/{number}/accept", reason="Greit.")).status == 403
    unit = await sign_in(Role.UNIT)
    assert (await unit.get("/breaches")).status == 403
    assert "er ute." not in (await unit.get("/posts")).text
    assert (await reader.get("/breaches/999")).status == 404


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nb", ["Sist sett kl. ", "hvert 2. minutt", "Ingenting er sett siden", "Ikke koblet til"]),
        ("nn", ["Sist sett kl. ", "kvart 2. minutt", "Ingenting er sett sidan", "Ikkje kopla til"]),
        ("en", ["Last seen ", "every 2 minutes", "Nothing has been seen since", "Not connected"]),
    ],
)
async def test_coverage_and_freshness_of_the_watch_are_shown(
    sign_in: SignIn, crisis: Crisis, language: str, said: list[str]
) -> None:
    seen = await factories.account(crisis, "facebook", name="Sett")
    failing = await factories.account(crisis, "facebook", unit=LIBRARY, name="Feiler", address="2")
    await factories.account(crisis, "facebook", unit="skolen", name="Ikke koblet", address="3")
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE accounts SET address = NULL WHERE name = 'Ikke koblet'"))
    await factories.activation(crisis.db)
    await looked(crisis, seen, looked_at="now()", next_at="now() + interval '2 minutes'")
    await looked(
        crisis,
        failing,
        looked_at="now() - interval '9 minutes'",
        next_at="now()",
        failures="4",
        error="'No connection.'",
    )
    page = await (await sign_in(Role.EDITOR, language=language)).get("/breaches")
    for each in said:
        assert each in page.text.replace("\xa0", " "), each
    sights = [each.get("data-sight") for each in page.tree.cssselect("[data-sight]")]
    assert sights == ["failing", "seen", "not_connected"], "what needs a person first"


async def test_the_page_changes_by_itself(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR)
    async with watching(editor, "/breaches/live") as live:
        assert "Krisestaben har ikke vært satt." in await live.next("standing")
        await breached(crisis)
        shown = await live.next("standing")
        while "Kom på lesestund" not in shown:
            shown = await live.next("standing")
        assert "csrf" not in shown
