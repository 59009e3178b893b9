"""What follows on the crisis page: on top, with everything before it below, and what is not true any more marked as such."""

import gzip
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from adapters.website import Website
from crisis.channels import Earlier, FollowUp, Found, Gone, Outgoing
from crisis.mode import Mode
from tests.adapters.website.page import ACCOUNT, ATOM, MARKER, MESSAGE, feed, page, setup_for, words

KINDS = ("alert", "update", "correction", "retraction")
FILES = {"nb": ("index.html", "feed.atom"), "nn": ("nn.html", "feed.nn.atom"), "en": ("en.html", "feed.en.atom")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "public"


@pytest.fixture
def website(folder: Path) -> Website:
    return Website(setup_for(folder))


def story(kinds: tuple[str, ...], language: str = "nb", mark: str = "") -> list[Outgoing]:
    """One message's revisions, half an hour apart, each told what is out already."""
    told: list[Outgoing] = []
    for number, kind in enumerate(kinds, 1):
        at = MESSAGE.issued_at and MESSAGE.issued_at + timedelta(minutes=30 * (number - 1))
        made = replace(
            MESSAGE, key=f"{language}{number}", kind=kind, language=language, title=f"{mark}{kind.title()} {number}",
            html=f"<p>{mark}Tekst {number}</p>", issued_at=at, earlier=tuple(earlier(each) for each in reversed(told)),
        )  # fmt: skip
        told.append(made)
    return told


def earlier(out: Outgoing) -> Earlier:
    assert out.issued_at is not None
    return Earlier(out.key, out.kind, out.title, out.text, out.html, out.issued_at, f"{out.language}/{out.key}")


async def tell(website: Website, *given: Outgoing) -> None:
    for each in given:
        await website.publish(ACCOUNT, each)


def articles(folder: Path, name: str = "index.html") -> list[str]:
    return re.findall(r"<article.*?</article>", page(folder, name), re.DOTALL)


def in_feed(folder: Path, name: str = "feed.atom") -> dict[str, ET.Element]:
    """Entries of a feed by the number in their text."""
    found = {}
    for entry in feed(folder, name).iter(f"{ATOM}entry"):
        number = re.search(r"Tekst (\d)", entry.findtext(f"{ATOM}content", ""))
        assert number
        found[number[1]] = entry
    return found


@pytest.mark.parametrize(
    ("language", "latest", "corrected", "withdrawn"),
    [
        ("nb", "Melding trukket tilbake", "Rettet 20. november kl. 06.58. Les rettelsen", "Trukket tilbake 20. november kl. 07.28. Dette gjelder ikke. Les hvorfor"),
        ("nn", "Melding trekt tilbake", "Retta 20. november kl. 06.58. Les rettinga", "Trekt tilbake 20. november kl. 07.28. Dette gjeld ikkje. Les kvifor"),
        ("en", "Message withdrawn", "Corrected 20 November at 06:58. Read the correction", "Withdrawn 20 November at 07:28. This does not apply. Read why"),
    ],
)  # fmt: skip
async def test_what_was_said_stays_below_and_says_that_it_is_not_true(
    website: Website, folder: Path, language: str, latest: str, corrected: str, withdrawn: str
) -> None:
    told = story(KINDS, language)
    await tell(website, *told[:3])
    html = FILES[language][0]
    shown = [words(f"</head>{each}") for each in articles(folder, html)]
    assert [re.findall(r"Tekst \d", each) for each in shown] == [["Tekst 3"], ["Tekst 2"], ["Tekst 1"]]
    assert [corrected in each for each in shown] == [False, True, False], "the correction corrects what was said last"
    await tell(website, told[3])
    top, *below = articles(folder, html)
    assert 'class="latest retraction"' in top
    assert latest in words(f"</head>{top}")
    assert "Tekst 4" in top
    assert len(below) == 3
    for each in below:
        said = words(f"</head>{each}")
        assert withdrawn in said
        assert said.index(withdrawn) < said.index("Tekst"), "before the text it is about"
        assert 'class="void"' in each
        assert f'href="#m-{told[3].key}"' in each
        assert corrected not in said
    assert f'id="m-{told[3].key}"' in top


async def test_the_feed_says_it_too_and_every_reader_fetches_it_again(website: Website, folder: Path) -> None:
    told = story(("alert", "correction"))
    await tell(website, told[0])
    before = in_feed(folder)["1"]
    await tell(website, told[1])
    entry = in_feed(folder)["1"]
    assert entry.findtext(f"{ATOM}id") == before.findtext(f"{ATOM}id")
    assert entry.findtext(f"{ATOM}title") == "Rettet 20. november kl. 06.28. Alert 1"
    assert entry.findtext(f"{ATOM}updated") == "2026-11-20T05:28:00+00:00" != before.findtext(f"{ATOM}updated")
    assert entry.findtext(f"{ATOM}published") == before.findtext(f"{ATOM}published")
    said = entry.findtext(f"{ATOM}content", "")
    assert said.index("<strong>Rettet 20. november kl. 06.28.</strong>") < said.index("Tekst 1")
    await tell(website, *story(("alert", "correction", "retraction"))[2:])
    assert "Trukket tilbake 20. november kl. 06.58. Dette gjelder ikke." in in_feed(folder)["1"].findtext(
        f"{ATOM}content", ""
    )
    newest = next(feed(folder).iter(f"{ATOM}entry"))
    assert newest.find(f"{ATOM}category[@term='retraction'][@label='Melding trukket tilbake']") is not None


async def test_the_feed_says_when_the_next_message_comes_and_keeps_no_old_promise(
    website: Website, folder: Path
) -> None:
    first, second = story(("alert", "update"))
    assert first.issued_at
    await tell(website, replace(first, next_update_at=first.issued_at + timedelta(minutes=30)))
    assert "<p>Neste melding kommer kl. 06.28.</p>" in in_feed(folder)["1"].findtext(f"{ATOM}content", "")
    await tell(website, replace(second, next_update_at=first.issued_at + timedelta(minutes=62)))
    assert "Neste melding kommer" not in in_feed(folder)["1"].findtext(f"{ATOM}content", "")
    assert "<p>Neste melding kommer kl. 07.00.</p>" in in_feed(folder)["2"].findtext(f"{ATOM}content", "")


async def test_news_leaves_what_was_said_as_it_was(website: Website, folder: Path) -> None:
    await tell(website, *story(("alert", "update", "all_clear")))
    assert 'class="fate"' not in page(folder)
    assert "void" not in "".join(articles(folder))
    assert [each.findtext(f"{ATOM}title") for each in feed(folder).iter(f"{ATOM}entry")] == [
        "All_Clear 3",
        "Update 2",
        "Alert 1",
    ]


async def test_a_message_that_is_read_back_has_its_own_words_alone(website: Website, folder: Path) -> None:  # noqa: ARG001
    await tell(website, *story(("alert", "retraction")))
    found = await website.read_back(ACCOUNT, "nb/nb1")
    assert (found.found, found.text) == (Found.YES, "Alert 1\nTekst 1")


async def test_another_message_of_the_same_crisis_is_not_touched(website: Website, folder: Path) -> None:
    await tell(website, replace(MESSAGE, key="77", title="Vannet må kokes"), *story(("alert", "retraction")))
    (other,) = [each for each in articles(folder) if "Vannet må kokes" in each]
    assert "fate" not in other


async def test_a_retraction_that_is_taken_down_is_not_claimed_any_more(website: Website, folder: Path) -> None:
    await tell(website, *story(("alert", "retraction")))
    await website.withdraw(ACCOUNT, "nb/nb2")
    assert 'class="fate"' not in page(folder)
    with pytest.raises(Gone):
        await website.edit(ACCOUNT, "nb/nb2", MESSAGE)


async def test_in_an_exercise_the_marker_stays_first_in_everything(tmp_path: Path) -> None:
    folder = tmp_path / "exercise" / "public"
    website = Website(setup_for(folder, mode=Mode.EXERCISE))
    told = story(("alert", "retraction"), mark=f"{MARKER}. ")
    await tell(website, *(replace(each, mode=Mode.EXERCISE) for each in told))
    entry = in_feed(folder)["1"]
    assert entry.findtext(f"{ATOM}title", "").startswith(f"{MARKER}. Trukket tilbake")
    assert re.sub("<[^>]+>", "", entry.findtext(f"{ATOM}content", "")).startswith(f"{MARKER}. Trukket tilbake")
    assert words(page(folder)).startswith(MARKER)


async def test_a_long_crisis_that_is_taken_back_stays_under_14_kilobytes(website: Website, folder: Path) -> None:
    told = story(("alert", *["update"] * 24, "retraction"))
    text = "".join(f"<p>Gå mot Fjordhallen, avsnitt nummer {number} av mange som ligner.</p>" for number in range(9))
    await tell(website, *(replace(each, html=f"{each.html}{text}") for each in told))
    assert len(gzip.compress((folder / "index.html").read_bytes())) < 14_000
    assert page(folder).count('class="fate"') == 25


def test_it_says_how_each_kind_follows(website: Website) -> None:
    ways: dict[str, Any] = dict(website.capabilities.follow_ups)
    assert ways == dict.fromkeys(("update", "correction", "all_clear", "retraction"), FollowUp.NEW_ON_TOP)
