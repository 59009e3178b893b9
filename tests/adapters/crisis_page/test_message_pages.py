"""A page per message, that stays when the crisis page has gone on."""

import gzip
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from adapters.website import Website
from tests.adapters.crisis_page.files import FIRST, OVER, public
from tests.adapters.told import tell, told
from tests.adapters.website.page import ACCOUNT, names_in, page, words


def own_words(folder: Path, name: str) -> str:
    """The message on its own page, without what is said about it."""
    return page(folder, name).partition('<div id="t-')[2].partition("</article>")[0]


async def test_every_message_has_a_page_of_its_own_that_the_page_links_to(website: Website, folder: Path) -> None:
    await tell(website, ("alert", "update"))
    for number in (31, 32):
        for tail, name in (("", "index.html"), (".en", "en.html")):
            assert f'href="message-2026-0007-{number}{tail}.html"' in page(folder, name)
            assert "<article" in page(folder, f"message-2026-0007-{number}{tail}.html")
    assert 'href="index.html">Les det siste</a>' in page(folder, FIRST)
    assert 'href="en.html">Read the latest</a>' in page(folder, "message-2026-0007-31.en.html")
    assert 'rel="canonical" href="https://krise.fjordvik.kommune.no/message-2026-0007-31.html"' in page(folder, FIRST)


async def test_its_words_never_change_and_a_line_in_front_says_what_became_of_it(
    website: Website, folder: Path
) -> None:
    alert, *rest = [each for each in told(("alert", "correction", "update", "retraction")) if each.language == "nb"]
    await website.publish(ACCOUNT, alert)
    before = own_words(folder, FIRST)
    assert "Møt på Fjordhallen" in before
    said = []
    for each in rest:
        await website.publish(ACCOUNT, each)
        assert own_words(folder, FIRST) == before
        said.append(words(page(folder, FIRST)))
    await website.keep(OVER)
    assert own_words(folder, FIRST) == before
    assert "Rettet 27. november kl. 06.28. Les rettelsen" in said[0]
    assert "Trukket tilbake 27. november kl. 07.28. Dette gjelder ikke. Les hvorfor" in said[2]
    assert 'href="message-2026-0007-34.html">Les hvorfor</a>' in page(folder, FIRST)
    assert "Denne krisen er over." in words(page(folder, FIRST))


async def test_a_withdrawn_message_takes_its_page_and_its_cap_file_with_it(website: Website, folder: Path) -> None:
    await tell(website, ("alert", "update"))
    await website.withdraw(ACCOUNT, "nb/32nb")
    assert "message-2026-0007-32.html" not in names_in(folder)
    assert "message-2026-0007-32.cap.xml" in names_in(folder), "it is out in another language"
    await website.withdraw(ACCOUNT, "en/32en")
    assert {name for name in names_in(folder) if "-32" in name} == set()
    assert FIRST in names_in(folder)


async def test_what_is_withdrawn_after_a_crisis_leaves_its_archive_too(website: Website, folder: Path) -> None:
    await tell(website, ("alert",))
    await website.keep(OVER)
    await website.withdraw(ACCOUNT, "en/31en")
    assert {name for name in names_in(folder) if name.startswith("archive-")} == {"archive-activation-7.html"}
    await website.withdraw(ACCOUNT, "nb/31nb")
    assert not {name for name in names_in(folder) if name.startswith(("archive-", "message-"))}
    assert "archive" not in page(folder)


async def test_24_whole_messages_of_60_words_stay_under_14_kilobytes_with_all_there_is_beside_them(
    website: Website, folder: Path
) -> None:
    chance = random.Random(11)

    def sentence(count: int) -> str:
        return " ".join(
            "".join(chance.choices("abdefghijklmnoprstuvyøæå", k=chance.randint(3, 10))) for _ in range(count)
        )

    for number in range(24):
        content = {"headline": sentence(7), "what_happened": sentence(29), "where": sentence(4)}
        content |= {"what_to_do": [sentence(6) for _ in range(3)], "leads": sentence(1), "contact": sentence(1)}
        outgoing = told(("alert",), {"nb": content}, first=60 + number, message=60 + number)[0]
        assert outgoing.issued_at
        at = outgoing.issued_at + timedelta(minutes=20 * number)
        await website.publish(ACCOUNT, replace(outgoing, kind="update" if number else "alert", issued_at=at))
    assert page(folder).count("<article") == 24
    assert len(gzip.compress(page(folder).encode(), 6)) < 14_000


async def test_a_publication_that_is_tried_again_writes_the_same_page(website: Website, folder: Path) -> None:
    alert = told(("alert",))[0]
    await website.publish(ACCOUNT, alert)
    (folder / FIRST).unlink()
    before = public(folder)
    await website.publish(ACCOUNT, alert)
    assert public(folder).keys() - before.keys() == {FIRST}
