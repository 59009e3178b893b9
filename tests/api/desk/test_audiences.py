"""Lists of recipients: brought in as files, with what was rejected, watched while they are read, and no number anywhere."""

import asyncio
import io
import random

from sqlalchemy import text

from crisis.audiences import imports
from crisis.audiences.models import ImportState
from crisis.bootstrap import Crisis
from crisis.roles import Role
from tests import factories
from tests.api.desk.conftest import SignIn
from tests.factories import EDITOR

FORM = "/audiences/import"
MIXED = b"nummer;language;etternavn\n90000001;nb;A\n+47 900 00 002;;B\n112;;C\n90000001;;D\nhemmelig tekst;;E\n"


async def test_without_lists_it_says_what_a_list_is(sign_in: SignIn) -> None:
    page = await (await sign_in(Role.EDITOR)).get("/audiences")
    assert (page.status, "Ingen lister ennå" in page.text) == (200, True)


async def test_a_file_becomes_a_list_and_each_rejected_line_is_named_without_what_it_said(sign_in: SignIn) -> None:
    editor = await sign_in(Role.EDITOR)
    page = await editor.upload(FORM, MIXED, name="Moen og Elvesletta", wait="yes")
    assert page.status == 200
    assert "2 mottakere er på listen" in page.text
    assert "5 linjer ble lest" in page.text
    assert "1 nummer sto der mer enn én gang" in page.text
    assert "2 linjer ble avvist" in page.text
    assert "verken lest eller lagret: etternavn" in page.text
    rows = [[cell.text_content() for cell in row] for row in page.tree.cssselect("tbody tr")]
    assert rows == [
        ["4", "et kortnummer eller nødnummer, ikke en persons mobil"],
        ["6", "bokstaver der det skulle stått et telefonnummer"],
    ]
    (link,) = page.tree.xpath("//a[@download]/@href")
    file = await editor.get(link)
    assert file.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in file.headers["Content-Disposition"]
    assert file.body.splitlines() == ["linje;hvorfor", *(";".join(row) for row in rows)]
    lists = await editor.get("/audiences")
    assert "Moen og Elvesletta 2 mottakere" in lists.text
    for shown in (page, file, lists):
        for kept in ("90000001", "900 00 002", "hemmelig", "00 00"):
            assert kept not in shown.body


async def test_a_name_that_is_taken_is_said_beside_the_name_and_replacing_is_asked_for(
    crisis: Crisis, sign_in: SignIn
) -> None:
    await factories.audience(crisis, 4, "Alle")
    editor = await sign_in(Role.EDITOR)
    page = await editor.upload(FORM, b"90000001\n", name="Alle", wait="yes")
    assert page.status == 422
    assert page.value("name") == "Alle"
    assert "Det finnes allerede en liste som heter «Alle»" in page.problem("name")
    assert "Velg filen på nytt" in page.problem("file")
    assert "Alle 4 mottakere" in (await editor.get("/audiences")).text
    page = await editor.upload(FORM, b"90000001\n", name="Alle", replace="yes", wait="yes")
    assert "1 mottaker er på listen" in page.text
    assert "Alle 1 mottaker" in (await editor.get("/audiences")).text


async def test_what_makes_the_whole_file_unusable_is_said_and_the_old_list_stands(
    crisis: Crisis, sign_in: SignIn
) -> None:
    await factories.audience(crisis, 4, "Alle")
    editor = await sign_in(Role.EDITOR)
    refused = {
        "UTF-16": ("Nummer\n90000001\n".encode("utf-16"), "Filen er UTF-16"),
        "no column": (b"navn,adresse\nA,B\n", "Finner ikke kolonnen med numre"),
        "two columns": (b"mobil,telefon\n90000001,90000002\n", "Bare én kolonne kan hete"),
        "nobody": (b"number\n112\n113\n", "Ingen av numrene i filen kan brukes (2 av 2 linjer er avvist)"),
        "no text": (b"number\n90000001\x00\n", "Linje 2 har et tegn som ikke finnes i tekst"),
        "one line": (b"9" * 5000, "er lengre enn"),
    }
    for why, (content, said) in refused.items():
        page = await editor.upload(FORM, content, name="Alle", replace="yes", wait="yes")
        assert (page.status, said in page.text) == (200, True), (why, page.text)
        assert "Listen er ikke hentet inn" in page.text
    assert "Alle 4 mottakere" in (await editor.get("/audiences")).text
    page = await editor.upload(FORM, b"90000001\n", name="x" * 101)
    assert (page.status, "1 til 100 tegn" in page.problem("name")) == (422, True)


async def test_nobody_listed_is_named_in_the_language_of_the_reader(sign_in: SignIn) -> None:
    page = await (await sign_in(Role.EDITOR, language="nn")).upload(FORM, MIXED, name="Moen", wait="yes")
    assert "2 mottakarar er på lista" in page.text
    assert "naudnummer" in page.text
    page = await (await sign_in(Role.EDITOR, language="en")).upload(FORM, MIXED, name="Elva", wait="yes")
    assert "2 recipients are on the list" in page.text


async def test_a_large_file_is_watched_while_it_is_read_and_found_again_afterwards(sign_in: SignIn) -> None:
    draw = random.Random(5)
    lines = [f"90{draw.randrange(10**6):06d}\n" for _ in range(40_000)]
    lines[100] = "ikke et nummer\n"
    editor = await sign_in(Role.EDITOR)
    page = await editor.upload(FORM, io.BytesIO("".join(lines).encode()), name="Alle")
    seen = [page]
    (address,) = page.tree.xpath("//div[@id='progress']/@hx-get")
    while "Leser filen" in seen[-1].text:
        await asyncio.sleep(0.3)
        seen.append(await editor.get(address, partial=True))
    assert "<html" not in seen[-1].body
    assert any("linjer lest" in each.text or "0 linjer" in each.text for each in seen[:-1])
    assert "hx-get" not in seen[-1].body, "nothing is asked for any more"
    assert "40 000 linjer ble lest" in seen[-1].text.replace("\xa0", " ")
    assert "1 linje ble avvist" in seen[-1].text
    assert (await editor.get("/audiences")).tree.xpath("//section[h2/@id='latest']//a/text()") == ["Alle"]


async def test_an_import_whose_process_has_gone_says_so(crisis: Crisis, sign_in: SignIn) -> None:
    number = await imports.begin(crisis.db, EDITOR, "Alle", size=1000, replace=False)
    editor = await sign_in(Role.EDITOR)
    assert "Leser filen" in (await editor.get(f"/audiences/imports/{number}")).text
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE imports SET heard_at = now() - interval '30 seconds'"))
    page = await editor.get(f"/audiences/imports/{number}")
    assert "Innhentingen ble avbrutt, og ingenting er endret" in page.text
    assert "hx-get" not in page.part("#progress")


async def test_an_import_that_is_stopped_changes_nothing_and_says_so(crisis: Crisis) -> None:
    lines = "".join(f"4{number:07d}\n" for number in range(200_000)).encode()
    number = await imports.begin(crisis.db, EDITOR, "Alle", size=len(lines), replace=False)
    task = asyncio.create_task(
        imports.carry_out(crisis.db, EDITOR, number, io.BytesIO(lines), sealer=crisis.numbers, settings=crisis.settings)
    )
    await asyncio.sleep(0.3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with crisis.db.transaction() as session:
        row = await imports.get(session, number)
        left = (await session.execute(text("SELECT (SELECT count(*) FROM audiences), count(*) FROM recipients"))).one()
    assert row.state is ImportState.FAILED
    assert imports.problem_of(row) == imports.BROKEN_OFF
    assert tuple(left) == (0, 0)


async def test_old_imports_are_forgotten(crisis: Crisis) -> None:
    for count in range(imports.KEPT + 3):
        await imports.begin(crisis.db, EDITOR, f"Liste {count}", size=1, replace=False)
    async with crisis.db.transaction() as session:
        assert len(await imports.recent(session, 1000)) == imports.KEPT


async def test_one_person_is_erased_from_every_list(crisis: Crisis, sign_in: SignIn) -> None:
    await factories.audience(crisis, 2, "Alle")
    editor = await sign_in(Role.EDITOR)
    wrong = await editor.send("/audiences/forget", number="112")
    assert (wrong.status, "nødnummer" in wrong.problem("number"), wrong.value("number")) == (422, True, "112")
    unknown = await editor.send("/audiences/forget", number="99999999")
    assert "står ikke på noen liste" in unknown.problem("number")
    page = await editor.send("/audiences/forget", number="400 00 001")
    assert "Nummeret er slettet fra alle lister" in page.text
    assert "Alle 1 mottaker" in page.text


async def test_only_those_who_keep_the_lists_see_them(sign_in: SignIn) -> None:
    for role in (Role.UNIT, Role.AUDITOR, Role.SWITCHBOARD):
        browser = await sign_in(role)
        for path in ("/audiences", FORM, "/audiences/imports/1", "/audiences/imports/1/rejected.csv"):
            assert (await browser.get(path)).status == 403, (role, path)
