"""CAP 1.2: what we write is what the standard allows, is issued once, and names what it follows."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree

from adapters.cap import issue, written
from adapters.website import Website
from crisis.channels import Outgoing, Rejected
from crisis.mode import Mode
from tests.adapters.told import CONTENTS, site, tell, told
from tests.adapters.website.page import ACCOUNT, MARKER, feed, page, snapshot, wipe

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).with_name("cap.rng")))
KINDS = ("alert", "update", "correction", "all_clear")
HOST = "krise.fjordvik.kommune.no"
LETTERS = "Æøå ÆØÅ čđŋšŧž ïöä áâà äö — «hermetegn» & <tagg> \"to\" 'en'"

Alert = etree._Element


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "public"


@pytest.fixture
def website(folder: Path) -> Website:
    return site(folder)


def issued(folder: Path) -> list[Alert]:
    """Every CAP file in the folder, in the order of their numbers; each is checked against the schema."""
    found = []
    for path in sorted(folder.glob("*.cap.xml"), key=lambda path: int(path.name.split("-")[-1].split(".")[0])):
        alert = etree.fromstring(path.read_bytes())
        SCHEMA.assertValid(alert)
        found.append(alert)
    return found


def said(alert: Alert, name: str) -> list[str | None]:
    return [each.text for each in alert.iter(f"{CAP}{name}")]


async def test_each_revision_is_one_valid_file_with_an_info_for_each_language(website: Website, folder: Path) -> None:
    await tell(website, KINDS)
    alerts = issued(folder)
    assert [said(each, "msgType") for each in alerts] == [["Alert"], ["Update"], ["Update"], ["Update"]]
    for alert in alerts:
        assert said(alert, "language") == ["nb-NO", "en"]
        assert said(alert, "status") == ["Actual"]
        assert said(alert, "senderName") == ["Fjordvik kommune"] * 2
        assert said(alert, "areaDesc") == ["Moen og Elvesletta", "Moen and Elvesletta"]
    first = alerts[0]
    assert said(first, "identifier") == ["no.fjordvik.kommune-2026-0007-31"]
    assert said(first, "incidents") == ["2026-0007"]
    assert said(first, "sent") == ["2026-11-27T05:58:00+01:00"]
    assert said(first, "expires") == ["2026-11-27T06:43:00+01:00"] * 2, "a quarter of an hour after the promised update"
    assert said(first, "instruction")[0] == "\n".join(CONTENTS["nb"]["what_to_do"])
    assert said(first, "web") == [f"https://{HOST}/message-2026-0007-31{tail}.html" for tail in ("", ".en")]
    assert said(alerts[-1], "responseType") == ["AllClear"] * 2
    assert said(alerts[-1], "urgency") == ["Past"] * 2
    assert said(alerts[-1], "expires") == ["2026-11-28T07:28:00+01:00"] * 2, "where nothing is promised: a day"


async def test_what_it_points_to_is_there(website: Website, folder: Path) -> None:
    await tell(website, KINDS)
    for alert in issued(folder):
        for address in said(alert, "web"):
            assert (folder / str(address).removeprefix(f"https://{HOST}/")).is_file(), address
    links = feed(folder).findall(".//{http://www.w3.org/2005/Atom}link[@type='application/cap+xml']")
    assert len(links) == len(KINDS)
    for link in links:
        assert (folder / link.attrib["href"].removeprefix(f"https://{HOST}/")).is_file()


async def test_an_update_names_every_earlier_one_and_the_chain_has_no_fork(website: Website, folder: Path) -> None:
    await tell(website, KINDS)
    alerts = issued(folder)
    names = [",".join(str(said(each, name)[0]) for name in ("sender", "identifier", "sent")) for each in alerts]
    for number, alert in enumerate(alerts):
        named = " ".join(str(each) for each in said(alert, "references")).split()
        assert named == names[:number]


async def test_another_message_of_the_crisis_is_another_chain(website: Website, folder: Path) -> None:
    await tell(website, ("alert", "update"))
    await tell(website, ("alert",), first=40, message=4)
    other = issued(folder)[-1]
    assert (said(other, "msgType"), said(other, "references"), said(other, "incidents")) == (
        ["Alert"],
        [],
        ["2026-0007"],
    )


async def test_a_false_alarm_cancels_and_says_so(website: Website, folder: Path) -> None:
    wrong = {"nb": {**CONTENTS["nb"], "headline": "Det er ingen fare", "what_happened": "Meldingen var en feil."}}
    alert = told(("alert",))[0]
    retraction = told(("alert", "retraction"), wrong)[1]
    await website.publish(ACCOUNT, alert)
    await website.publish(ACCOUNT, retraction)
    cancel = issued(folder)[-1]
    assert said(cancel, "msgType") == ["Cancel"]
    assert said(cancel, "note") == ["Meldingen var en feil."]
    assert "no.fjordvik.kommune-2026-0007-31" in str(said(cancel, "references")[0])


async def test_it_is_issued_once_whatever_comes_later(website: Website, folder: Path) -> None:
    first, in_english = told(("alert",))
    await website.publish(ACCOUNT, first)
    path = folder / "message-2026-0007-31.cap.xml"
    before, at = path.read_bytes(), path.stat().st_mtime_ns
    await website.publish(ACCOUNT, in_english)
    await website.publish(ACCOUNT, first)
    for each in told(("alert", "correction", "retraction"))[2:]:
        await website.publish(ACCOUNT, each)
    await website.keep({"activation-7": datetime(2026, 11, 28, tzinfo=UTC)})
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (before, at)


async def test_identifiers_outlive_the_files_and_a_new_host_name(website: Website, folder: Path) -> None:
    await tell(website, ("alert", "update"))
    before = [(said(each, "identifier"), said(each, "references")) for each in issued(folder)]
    wipe(folder)
    assert not issued(folder)
    await site(folder, crisis_page_host="nytt.fjordvik.kommune.no").keep({})
    assert [(said(each, "identifier"), said(each, "references")) for each in issued(folder)] == before


async def test_an_exercise_is_an_exercise_in_every_field_that_is_read(tmp_path: Path, folder: Path) -> None:
    exercise = tmp_path / "exercise" / "public"
    await tell(site(exercise, mode=Mode.EXERCISE), ("alert", "update", "retraction"), mode=Mode.EXERCISE)
    alerts = issued(exercise)
    assert len(alerts) == 3
    for alert in alerts:
        assert said(alert, "status") == ["Exercise"]
        for name in ("note", "headline", "description", "instruction"):
            assert all(str(text).startswith(MARKER) for text in said(alert, name)), name
        assert said(alert, "note")
    assert snapshot(folder) == {}


async def test_no_message_of_an_exercise_gets_onto_the_actual_page(website: Website, folder: Path) -> None:
    await tell(website, ("alert",))
    before = snapshot(folder)
    with pytest.raises(Rejected, match="mode"):
        await tell(website, ("update",), mode=Mode.EXERCISE, first=50)
    assert snapshot(folder) == before
    assert MARKER not in page(folder)


async def test_every_letter_comes_back(website: Website, folder: Path) -> None:
    contents = {
        "nb": {**CONTENTS["nb"], "what_happened": LETTERS, "where": LETTERS, "what_to_do": [LETTERS + "\x0b\x00"]}
    }
    await tell(website, ("alert",), contents=contents)
    (alert,) = issued(folder)
    assert said(alert, "description") == said(alert, "areaDesc") == said(alert, "instruction") == [LETTERS]


def test_a_language_that_is_not_finished_is_left_out_and_a_missing_imprint_too() -> None:
    (outgoing,) = told(("alert",), {"nb": CONTENTS["nb"]})
    assert outgoing.notice
    unfinished = {**outgoing.notice.contents, "en": {"headline": "Landslide", "what_to_do": []}}
    alert = issue(replace(outgoing, notice=replace(outgoing.notice, contents=unfinished)), HOST, [])
    assert alert
    assert list(alert.contents) == ["nb"]


def follow(kind: str) -> Outgoing:
    return told(("alert", kind), {"nb": CONTENTS["nb"]})[1]


def test_what_follows_a_message_that_was_never_here_is_an_alert_and_there_is_nothing_to_cancel() -> None:
    update = issue(follow("update"), HOST, [])
    assert update
    assert (update.message_type, update.references) == ("Alert", ())
    assert issue(follow("retraction"), HOST, []) is None
    assert issue(replace(follow("update"), notice=None), HOST, []) is None


@pytest.mark.parametrize(
    ("host", "begins"),
    [
        ("krise.fjordvik.kommune.no", "no.fjordvik.kommune-"),
        ("fjordvik.no", "no.fjordvik-"),
        ("localhost", "localhost-"),
        ("127.0.0.1:8000", "8000.0.0.1-"),
        ("a b,c<d&.no", "no."),
    ],
)
def test_an_identifier_has_none_of_the_characters_it_must_not_have(host: str, begins: str) -> None:
    alert = issue(follow("update"), host, [])
    assert alert
    assert alert.identifier.startswith(begins)
    assert not set(" ,<&") & set(alert.identifier)


def test_times_have_an_offset_and_no_fraction() -> None:
    summer = datetime(2026, 7, 1, 22, 5, 9, 999, tzinfo=UTC)
    assert written(summer) == "2026-07-02T00:05:09+02:00"
    assert written(summer + timedelta(days=180)) == "2026-12-28T23:05:09+01:00"


def drop(name: str) -> Callable[[Alert], None]:
    return lambda alert: [each.getparent().remove(each) for each in list(alert.iter(f"{CAP}{name}"))[:1]] and None


def put(name: str, text: str) -> Callable[[Alert], None]:
    return lambda alert: setattr(next(alert.iter(f"{CAP}{name}")), "text", text)


def swap(alert: Alert) -> None:
    alert.insert(0, alert[1])


@pytest.mark.parametrize(
    "harm",
    [
        drop("identifier"), drop("scope"), drop("expires"), drop("areaDesc"), drop("info"), swap,
        put("sent", "2026-11-20T06:30:00Z"), put("sent", "2026-11-20T06:30:00.5+01:00"), put("status", "Real"),
        put("msgType", "Correction"), put("identifier", "a b"), put("headline", "x" * 161), put("value", "snart"),
        put("urgency", "Now"), put("language", "norsk bokmål"), put("web", ""),
    ],
)  # fmt: skip
async def test_the_schema_refuses_what_the_standard_does(
    website: Website, folder: Path, harm: Callable[[Alert], None]
) -> None:
    await tell(website, ("alert",), contents={"nb": CONTENTS["nb"]})
    harmed = copy.deepcopy(issued(folder)[0])
    harm(harmed)
    assert not SCHEMA.validate(harmed)
