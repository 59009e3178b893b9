import json
from pathlib import Path

import pytest
from sqlalchemy import text

from crisis.accounts.register import REGISTER_ONLY, Imported, import_register
from crisis.accounts.service import list_accounts
from crisis.db import Database
from crisis.errors import Invalid, NotAllowed
from crisis.roles import Actor
from crisis.settings import Settings

PUBLISHED = ("website", "facebook", "twitter", "sms")
HEADER = "channel,name,unit,opened_on,what,why,audience"
STJORDAL = f"""{HEADER}
facebook,Stjørdal kommune,nettredaksjonen,2011-01-15,Side med tilhengere,Mer trafikk til hjemmesiden; dialog med innbyggerne; omdømme,Innbyggere
linkedin,Stjørdal kommune,nettredaksjonen,2011-02-01,Bedriftsprofil,Rekruttering; faglige fora,Arbeidssøkere
twitter,Stjørdal kommune,nettredaksjonen,2011-09-01,Korte statusmeldinger,"Politikere, journalister og kunnskapsbransjen",Politikere og medier
slideshare,Stjørdal kommune,nettredaksjonen,2011-05-01,Presentasjoner,Til alle som ikke kan være til stede på møter,Innbyggere
flickr,Stjørdal kommune,nettredaksjonen,2011-05-01,Offisielle bilder,Billeddeling med byråer og samarbeidspartnere,Medier
youtube,Stjørdal kommune,nettredaksjonen,2011-02-11,Videoer,Markedsføring av kommunen og dens prosjekter,Ungdom og tilflyttere
"""
TOLGA = f"""{HEADER}
website,Tolga kommune,nettredaksjonen,2018-05-08,Hjemmeside,Hovedkanalen: finne informasjon og få svar,Innbyggere
facebook,Tolga kommune,nettredaksjonen,,Side,Saker der vi ønsker innspill og dialog; informasjonssaker,Innbyggere
instagram,Tolga kommune,nettredaksjonen,,Profil,Profilere Tolga,Ungdom og tilflyttere
twitter,Tolga kommune,nettredaksjonen,,Konto,Nyheter til pressen,Medier
flickr,Tolga kommune,nettredaksjonen,,Bildearkiv,Bilder over Tolga,Medier
linkedin,Tolga kommune,nettredaksjonen,,Profil,Ledige stillinger,Arbeidssøkere
finn,Tolga kommune,nettredaksjonen,,Annonser,Ledige stillinger,Arbeidssøkere
"""
LINE = "facebook,Fjordvik,kultur,2020-01-31,Side,Dialog,Alle"


class Registrar:
    """Imports texts as files."""

    def __init__(self, db: Database, actor: Actor, settings: Settings, folder: Path) -> None:
        self._db, self._actor, self._settings, self._file = db, actor, settings, folder / "register.csv"

    async def __call__(self, content: str | bytes, **settings: int) -> Imported:
        self._file.write_bytes(content if isinstance(content, bytes) else content.encode())
        chosen = self._settings.model_copy(update=settings)
        return await import_register(self._db, self._actor, self._file, channels=PUBLISHED, settings=chosen)

    async def problems(self, content: str | bytes, **settings: int) -> tuple[str, ...]:
        with pytest.raises(Invalid) as raised:
            await self(content, **settings)
        async with self._db.transaction() as session:
            assert await list_accounts(session) == []
            assert (await session.execute(text("SELECT count(*) FROM audit"))).scalar_one() == 0
        return raised.value.problems or (raised.value.summary,)


@pytest.fixture
def load(db: Database, operator: Actor, settings: Settings, tmp_path: Path) -> Registrar:
    return Registrar(db, operator, settings, tmp_path)


async def test_the_registers_of_two_municipalities_are_read(load: Registrar, db: Database) -> None:
    assert await load(STJORDAL) == Imported(new=6, changed=0, unchanged=0)
    assert await load(TOLGA) == Imported(new=7, changed=0, unchanged=0)
    async with db.transaction() as session:
        accounts = {(a.channel, a.name): a for a in await list_accounts(session, "nettredaksjonen")}
    assert len(accounts) == 13
    assert {channel for channel, _ in accounts} == {*REGISTER_ONLY, "website", "facebook", "twitter"}
    assert accounts["twitter", "Stjørdal kommune"].why == "Politikere, journalister og kunnskapsbransjen"
    assert str(accounts["twitter", "Stjørdal kommune"].opened_on) == "2011-09-01"
    assert accounts["finn", "Tolga kommune"].opened_on is None


async def test_importing_again_changes_only_what_is_new(load: Registrar, db: Database) -> None:
    await load(TOLGA)
    assert await load(TOLGA) == Imported(new=0, changed=0, unchanged=7)
    more = (
        TOLGA.replace("Nyheter til pressen", "Nyheter") + "sms,Tolga kommune,nettredaksjonen,,Avsender,Varsling,Alle\n"
    )
    assert await load(more) == Imported(new=1, changed=1, unchanged=6)
    async with db.transaction() as session:
        accounts = await list_accounts(session)
        entries = list((await session.execute(text("SELECT record FROM audit ORDER BY seq"))).scalars())
    assert len(accounts) == 8
    assert [json.loads(entry)["action"] for entry in entries] == ["import_register"] * 3
    twitter = next(account for account in accounts if account.channel == "twitter")
    assert json.loads(entries[-1])["detail"]["changed"] == [twitter.id]


async def test_columns_come_in_any_order_and_the_optional_ones_are_kept(load: Registrar, db: Database) -> None:
    await load(f"leader,address,{HEADER}\nKari,12345,{LINE}\n")
    assert await load(f"{HEADER}\n{LINE}\n") == Imported(0, 0, 1)
    assert await load(f"address,{HEADER},leader\n,{LINE},\n") == Imported(0, 0, 1)
    assert await load(f"{HEADER},leader\n{LINE},Ola\n") == Imported(0, 1, 0)
    async with db.transaction() as session:
        (account,) = await list_accounts(session)
    assert (account.leader, account.address) == ("Ola", "12345")


async def test_a_feed_and_what_publishes_only_here_are_read_and_an_empty_cell_says_nothing(
    load: Registrar, db: Database
) -> None:
    columns = f"{HEADER},feed_url,only_here"
    await load(f"{columns}\n{LINE},https://fjordvik.example/feed,Ja\n")
    assert await load(f"{columns}\n{LINE},,\n") == Imported(0, 0, 1)
    async with db.transaction() as session:
        (account,) = await list_accounts(session)
    assert (account.feed_url, account.only_here) == ("https://fjordvik.example/feed", True)
    assert await load(f"{columns}\n{LINE},,no\n") == Imported(0, 1, 0)
    with pytest.raises(Invalid) as raised:
        await load(f"{columns}\n{LINE},fjordvik.example,kanskje\n")
    assert raised.value.problems == (
        "line 2: feed_url 'fjordvik.example' is not the address of a feed",
        "line 2: only_here 'kanskje' is neither yes nor no",
    )


async def test_what_spreadsheets_write_is_read(load: Registrar, db: Database) -> None:
    text_ = f"{HEADER}\n{LINE}\n".replace(",", ";").replace("\n", "\r\n")
    assert await load(b"\xef\xbb\xbf" + text_.encode()) == Imported(1, 0, 0)
    quoted = (
        f'{HEADER}\n"Facebook","  Fjordvik ","kultur",2020-01-31,"Side","Først ""dialog"",\nså informasjon","Alle"\n\n'
    )
    assert await load(quoted) == Imported(0, 1, 0)
    async with db.transaction() as session:
        (account,) = await list_accounts(session)
    assert account.why == 'Først "dialog",\nså informasjon'


async def test_every_bad_line_is_reported_with_its_number_and_nothing_is_imported(load: Registrar) -> None:
    bad = [
        LINE,
        "twiter,Fjordvik,kultur,2020-01-31,Side,Dialog,Alle",
        "facebook,,kultur,31.01.2020,Side,Dialog,Alle",
        LINE,
        "facebook,for få celler",
        f'facebook,B,kultur,2020-02-30,"Side\nmed to linjer",{"x" * 1001},Alle',
        "facebook,C,kultur,20200131,Side,Dia\x07log,Alle",
    ]
    assert await load.problems("\n".join([HEADER, *bad])) == (
        "line 3: there is no channel 'twiter'; the nearest is 'twitter'",
        "line 4: name is empty",
        "line 4: opened_on '31.01.2020' is not a date like 2011-01-15",
        "line 5: is about the same account as line 2",
        "line 6: has 2 cells, and the first line names 7 columns; quote cells that hold commas",
        "line 7: why has 1,001 characters, and at most 1,000 are kept",
        "line 7: opened_on '2020-02-30' is not a date like 2011-01-15",
        "line 9: why has a control character in it",
        "line 9: opened_on '20200131' is not a date like 2011-01-15",
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "line 1: the column 'channel' is missing"),
        (f"{HEADER}\n", "names no account"),
        (f"{HEADER},colour\n{LINE},red\n", "line 1: the column 'colour' is not known"),
        (f"{HEADER},unit\n{LINE},x\n", "line 1: the column 'unit' is there 2 times"),
        (f"{HEADER}\n{LINE}\n".replace(",why", ""), "line 1: the column 'why' is missing"),
        (f'{HEADER}\nfacebook,"Fjordvik,kultur,,,,\n', "line 2: a quote is not closed"),
        (f"{HEADER}\n{LINE}\n".replace("Alle", "Småbarn").encode("latin-1"), "line 2: is not UTF-8 text"),
        (f"{HEADER}\n{LINE}\n".encode("utf-16"), "UTF-16"),
        (f"{HEADER}\n{LINE}\n".encode("utf-16-le"), "UTF-16"),
        (f"{HEADER}\n{LINE}\0\n", "Line 2 holds a NUL byte"),
        (f"{HEADER}\n{'x' * 5000}\n", "Line 2 is longer than 4,096 bytes"),
        (f"{HEADER}\n" + f"{LINE}\n" * 5001, "more than 5,000 lines"),
    ],
)
async def test_a_file_that_is_no_register_is_refused_with_a_reason(
    load: Registrar, content: str | bytes, said: str
) -> None:
    assert said in " ".join(await load.problems(content))


async def test_the_caps_of_the_settings_hold(load: Registrar) -> None:
    content = f"{HEADER}\n{LINE}\n{LINE.replace('kultur', 'skole')}\n"
    assert "larger than 100 bytes" in (await load.problems(content, csv_max_bytes=100))[0]
    assert "more than 1 rows" in (await load.problems(content + "\n", csv_max_rows=1))[0]
    assert "Line 1 is longer than 20 bytes" in (await load.problems(content, csv_max_line=20))[0]


async def test_a_missing_file_is_said_to_be_missing(
    db: Database, operator: Actor, settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(Invalid, match="cannot be read: No such file"):
        await import_register(db, operator, tmp_path / "none.csv", channels=PUBLISHED, settings=settings)


async def test_an_editor_may_not_change_the_register(
    db: Database, editor: Actor, settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(NotAllowed):
        await import_register(db, editor, tmp_path / "none.csv", channels=PUBLISHED, settings=settings)
