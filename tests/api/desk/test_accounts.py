"""The accounts' pages: what the lock is worth on each, what needs a person, and what an administrator sets."""

import io
import json

from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.mode import Mode
from crisis.roles import Role
from tests import factories
from tests.api.desk.conftest import SignIn

REGISTER = """channel,name,unit,opened_on,what,why,audience,leader
facebook,Fjordvik bibliotek,biblioteket,2011-01-15,Side,Lesetips,Lånere,Enhetslederen på biblioteket
youtube,Fjordvik kulturskole,kulturskolen,,Kanal,Film,Alle,
"""


async def test_an_empty_register_says_what_belongs_there_and_who_fills_it(sign_in: SignIn) -> None:
    page = await (await sign_in(Role.DIRECTOR)).get("/accounts")
    assert page.status == 200
    assert "Ingen kontoer er registrert ennå" in page.text
    assert "Be administratoren" in page.text
    page = await (await sign_in(Role.ADMIN)).get("/accounts")
    assert page.tree.xpath("//main//a[@href='/accounts/import']")


async def test_each_account_says_what_the_lock_is_worth_and_never_more(crisis: Crisis, sign_in: SignIn) -> None:
    ours = await factories.account(crisis, "website", name="Krisesiden")
    await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    loose = await factories.account(crisis, "youtube", unit="kulturskolen", name="Kulturskolen")
    director = await sign_in(Role.DIRECTOR)
    before = await director.get("/accounts")
    assert "Åpen. Kan låses herfra." in before.text
    assert "Åpen. Kan ikke låses herfra." in before.text
    assert not before.tree.cssselect("#urgent")
    await factories.activation(crisis.db)
    during = await director.get("/accounts")
    locks = {each.getprevious().text: each.get("data-lock") for each in during.tree.cssselect(".stack section .lock")}
    assert locks == {
        "Krisesiden: Krisesiden": "held",
        "Facebook: Biblioteket": "not_enforceable",
        "YouTube: Kulturskolen": "not_enforceable",
    }
    urgent = during.tree.cssselect("#urgent")[0].getparent().text_content()
    assert "YouTube: Kulturskolen" in urgent
    assert "Ring enheten" in urgent
    assert "Facebook: Biblioteket" in urgent, "nobody there has been told, and they can post in the platform's own app"
    assert "Krisesiden" not in urgent
    assert during.tree.cssselect(".unit-name")[0].text == "nettredaksjonen", "theirs come first"
    assert "Bare denne tjenesten kan publisere her." in (await director.get(f"/accounts/{ours}")).text
    assert "går ikke gjennom denne tjenesten" in (await director.get(f"/accounts/{loose}")).text


async def test_an_exercise_shows_its_own_lock_and_not_the_crisis(crisis: Crisis, sign_in: SignIn) -> None:
    await factories.account(crisis, "facebook", unit="biblioteket")
    await factories.activation(crisis.db, Mode.EXERCISE, "Øvelse skred")
    director = await sign_in(Role.DIRECTOR)
    assert "Åpen. Kan låses herfra." in (await director.get("/accounts")).text
    exercise = await director.get("/accounts?mode=exercise")
    assert "Åpen" not in exercise.tree.cssselect("#list")[0].text_content()
    assert exercise.tree.cssselect('.lock[data-lock="not_enforceable"]')
    assert "ØVELSE ØVELSE ØVELSE" in exercise.text


async def test_the_list_is_narrowed_down_and_fetched_anew_by_part(crisis: Crisis, sign_in: SignIn) -> None:
    await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    await factories.account(crisis, "twitter", unit="skolen", name="Skolen")
    editor = await sign_in(Role.EDITOR)
    page = await editor.get("/accounts?unit=skolen&channel=", partial=True)
    assert page.body.lstrip().startswith('<div class="stack" id="list"')
    assert "X: Skolen" in page.text
    assert "Biblioteket" not in page.text
    assert "Ingen kontoer passer" in (await editor.get("/accounts?unit=skolen&channel=facebook")).text


async def test_an_account_whose_credentials_are_refused_comes_first(crisis: Crisis, sign_in: SignIn) -> None:
    await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    broken = await factories.account(crisis, "twitter", unit="skolen", name="Skolen")
    async with crisis.db.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO flows (mode, account_id, state, why, reason, failing_since) "
                "VALUES ('actual', :account, 'open', 'misconfigured', 'Invalid or expired token', now())"
            ),
            {"account": broken},
        )
    director = await sign_in(Role.DIRECTOR)
    page = await director.get("/accounts")
    assert "godtar ikke innloggingen vår" in page.tree.cssselect("#urgent")[0].getparent().text_content()
    assert "Be administratoren" in page.text
    assert "Invalid or expired token" in (await director.get(f"/accounts/{broken}")).text


async def test_credentials_go_in_and_are_never_shown_again(crisis: Crisis, sign_in: SignIn) -> None:
    number = await factories.account(crisis, "twitter", unit="skolen", name="Skolen")
    admin = await sign_in(Role.ADMIN)
    missing = await admin.send(
        f"/accounts/{number}/connection", address="1042", **{"credential-access_token": "hemmelig-en"}
    )
    assert missing.status == 422
    assert missing.value("address") == "1042"
    assert "Skriv den inn" in missing.problem("credential-access_token_secret")
    assert "hemmelig-en" not in missing.body
    fields = {"credential-access_token": "hemmelig-en", "credential-access_token_secret": "hemmelig-to"}
    done = await admin.send(f"/accounts/{number}/connection", address="1042", **fields)
    assert done.status == 200
    assert "Skolen er koblet til" in done.text
    assert "hemmelig" not in done.body
    async with crisis.db.transaction() as session:
        row = (await session.execute(text("SELECT address, credentials FROM accounts"))).one()
        records = (await session.execute(text("SELECT string_agg(record, '') FROM audit"))).scalar_one()
    assert row.address == "1042"
    opened = json.loads(crisis.credentials.open(row.credentials, f"account:{number}".encode()))
    assert opened == {"access_token": "hemmelig-en", "access_token_secret": "hemmelig-to"}
    assert "hemmelig" not in records


async def test_limits_a_leader_and_a_standby_are_set_and_a_fault_stands_beside_its_field(
    crisis: Crisis, sign_in: SignIn
) -> None:
    first = await factories.account(crisis, "sms", name="Avsender")
    second = await factories.account(crisis, "sms", name="Reserven")
    admin = await sign_in(Role.ADMIN)
    wrong = await admin.send(f"/accounts/{first}/limit", concurrency="mange", per_second="999999999")
    assert wrong.status == 422
    assert (wrong.value("concurrency"), wrong.value("per_second")) == ("mange", "999999999")
    assert "Skriv et tall" in wrong.problem("concurrency")
    assert "Skriv et tall fra" in wrong.problem("per_second")
    done = await admin.send(f"/accounts/{first}/limit", concurrency="20", per_second="0,5")
    assert "Farten er satt" in done.text
    assert "høyst 20 om gangen" in done.text
    assert "høyst 0,5 i sekundet" in done.text
    assert "Enhetslederen er lagret" in (await admin.send(f"/accounts/{first}/leader", leader="Kari på IT")).text
    assert "Reserven er lagret" in (await admin.send(f"/accounts/{second}/standby", standby_for=str(first))).text
    assert f'<a href="/accounts/{second}">Reserven</a>' in (await admin.get(f"/accounts/{first}")).body
    refused = await admin.send(f"/accounts/{first}/standby", standby_for=str(second))
    assert refused.status == 422
    assert "er selv en reserve" in refused.problem("standby_for")


async def test_an_account_is_closed_once_and_a_second_press_is_no_error(crisis: Crisis, sign_in: SignIn) -> None:
    number = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    admin = await sign_in(Role.ADMIN)
    for _ in range(2):
        page = await admin.send(f"/accounts/{number}/close")
        assert (page.status, "Nøklene er slettet" in page.text) == (200, True)
    assert not page.tree.cssselect("main form")
    assert "1 konto er tatt ut av bruk" in (await admin.get("/accounts")).text


async def test_a_register_is_brought_in_and_a_bad_one_names_its_lines(sign_in: SignIn) -> None:
    admin = await sign_in(Role.ADMIN)
    bad = REGISTER + "fjasebok,Skolen,skolen,i fjor,,,,\n"
    page = await admin.upload("/accounts/import", bad.encode())
    assert page.status == 422
    assert "Linje 4: det finnes ingen kanal «fjasebok». Den nærmeste er «facebook»." in page.text
    assert "Linje 4: «i fjor» i opened_on er ikke en dato" in page.text
    assert "Ingen kontoer er registrert" in (await admin.get("/accounts")).text
    page = await admin.upload("/accounts/import", REGISTER.encode())
    assert "2 nye kontoer" in page.text
    assert "Enhetsleder: Enhetslederen på biblioteket" in page.text


async def test_only_the_administrator_changes_the_register(crisis: Crisis, sign_in: SignIn) -> None:
    number = await factories.account(crisis, "facebook", unit="biblioteket")
    for role in (Role.DIRECTOR, Role.EDITOR, Role.AUDITOR):
        browser = await sign_in(role)
        assert not (await browser.get(f"/accounts/{number}")).tree.cssselect("main form")
        assert (await browser.send(f"/accounts/{number}/close")).status == 403
        assert (await browser.get("/accounts/import")).status == 403
    assert (await (await sign_in(Role.UNIT)).get("/accounts")).status == 403


async def test_a_file_is_refused_before_it_is_read_when_another_site_sends_it(sign_in: SignIn) -> None:
    admin, other = await sign_in(Role.ADMIN), await sign_in(Role.ADMIN)
    stolen, own = await other.upload_address("/accounts/import"), await admin.upload_address("/accounts/import")
    refused = {
        "no token": "/accounts/import",
        "another session's": stolen,
        "another address's": own.replace("/accounts/import", "/audiences/import"),
    }
    for why, address in refused.items():
        form = admin.multipart(REGISTER.encode(), fields={"csrf": admin.csrf})
        assert (await admin.ask("POST", address, data=form)).status == 403, why
    form = admin.multipart(REGISTER.encode())
    assert (await admin.ask("POST", own, data=form, headers={"Sec-Fetch-Site": "cross-site"})).status == 403
    assert (await admin.ask("POST", own, data=admin.multipart(REGISTER.encode()))).status == 303
    assert (await admin.ask("POST", own, data=admin.multipart(io.BytesIO(b"x" * (25 << 20))))).status == 413


async def test_what_people_wrote_is_text_and_nothing_else(crisis: Crisis, sign_in: SignIn) -> None:
    evil = "<script>alert(1)</script>\"'"
    number = await factories.account(crisis, "facebook", unit=evil, name=evil)
    admin = await sign_in(Role.ADMIN)
    await admin.send(f"/accounts/{number}/leader", leader=evil)
    await factories.activation(crisis.db, title=evil)
    for path in ("/accounts", f"/accounts/{number}"):
        page = await admin.get(path)
        assert "<script>alert" not in page.body
        assert page.text.count(evil) >= 1


async def test_a_lever_is_set_up_and_tried_before_it_is_needed(crisis: Crisis, sign_in: SignIn) -> None:
    number = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket", address="1042")
    admin = await sign_in(Role.ADMIN)
    page = await admin.get(f"/accounts/{number}")
    assert page.tree.cssselect("#lever #admin-business_id, #lever #admin-admin_token[type=password]")
    assert not page.tree.cssselect(f"form[action^='/accounts/{number}/lever']"), "there is nothing to try yet"
    missing = await admin.send(f"/accounts/{number}/administration", **{"admin-business_id": "17"})
    assert missing.status == 422
    assert "Skriv den inn" in missing.problem("admin-admin_token")
    fields = {"admin-business_id": "17", "admin-admin_token": "hemmelig-tre", "admin-publisher": "18"}
    done = await admin.send(f"/accounts/{number}/administration", **fields)
    assert "Prøv sperringen nå" in done.text
    assert "hemmelig" not in done.body
    async with crisis.db.transaction() as session:
        sealed = (await session.execute(text("SELECT admin_credentials FROM accounts"))).scalar_one()
    opened = json.loads(crisis.credentials.open(sealed, f"account:{number}:admin".encode()))
    assert opened == {"business_id": "17", "admin_token": "hemmelig-tre", "publisher": "18"}
    away = await admin.send(f"/accounts/{number}/lever")  # the tests' Graph is an address where nobody answers
    assert away.status == 422
    assert "Sperringen lot seg ikke prøve. Ingenting er endret." in away.text


async def test_where_an_account_is_watched_is_said_on_its_page(crisis: Crisis, sign_in: SignIn) -> None:
    number = await factories.account(crisis, "youtube", unit="kulturskolen", name="Kulturskolen")
    admin = await sign_in(Role.ADMIN)
    wrong = await admin.send(f"/accounts/{number}/watching", feed_url="kulturskolen", only_here="only_here")
    assert (wrong.status, wrong.value("feed_url")) == (422, "kulturskolen")
    assert "begynner med https://" in wrong.problem("feed_url")
    address = "https://kulturskolen.example/feed/"
    done = await admin.send(f"/accounts/{number}/watching", feed_url=address, only_here="only_here")
    assert done.value("feed_url") == address
    assert done.tree.cssselect("input[name=only_here][checked]")
    done = await admin.send(f"/accounts/{number}/watching", feed_url="")
    assert not done.tree.cssselect("input[name=only_here][checked]")
