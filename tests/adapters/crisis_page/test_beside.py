"""What the page says beside the messages, the feeds and the banner."""

import json
import re
from datetime import datetime
from pathlib import Path

from adapters.website import Website
from tests.adapters.told import IMPRINT, in_language, site, tell, told
from tests.adapters.website.page import ACCOUNT, ATOM, feed, page, setup_for, words


async def test_the_page_says_whom_to_call_and_where_else_to_look(website: Website, folder: Path) -> None:
    await tell(website, ("alert",))
    html = page(folder)
    for number in ("110", "112", "113", "116117", "74000000"):
        assert f'href="tel:{number}"' in html, number
    shown = words(html)
    assert "Fikk du ikke SMS?" in shown
    assert "NRK P1 sender også viktig informasjon." in shown
    for address in (IMPRINT.accessibility_url, IMPRINT.privacy_url):
        assert f'href="{address}"' in html
    assert "Siden bruker ikke informasjonskapsler." in shown


async def test_what_nobody_has_said_leaves_its_line_out(folder: Path) -> None:
    website = Website(setup_for(folder))
    await website.keep({})
    html = page(folder)
    for absent in ("Tilgjengelighetserklæring", "Personvern", "sender også", "None", 'href=""', "Råd om egenberedskap"):
        assert absent not in html, absent


async def test_a_page_in_a_language_it_speaks_has_its_own_words_and_a_sami_one_the_primarys(folder: Path) -> None:
    website = site(folder, languages=("nn", "nb"))
    message = told(("alert",))[0]
    for language, said, spoken in (("pl", "Najnowszy komunikat", "pl"), ("uk", "Останнє повідомлення", "uk"), ("se", "Siste melding", "nn"), ("ti", "Latest message", "en")):  # fmt: skip
        await website.publish(ACCOUNT, in_language(message, language))
        html = page(folder, f"{language}.html")
        assert f'<html lang="{spoken}">' in html
        assert said in words(html)
        assert re.search(rf'lang="{language}" dir="ltr">\s*<h3>', html)


async def test_the_json_feed_says_what_the_atom_feed_says(website: Website, folder: Path) -> None:
    await tell(website, ("alert", "correction"))
    held = json.loads(page(folder, "feed.json"))
    assert held["version"] == "https://jsonfeed.org/version/1.1"
    assert held["feed_url"] == "https://krise.fjordvik.kommune.no/feed.json"
    for item, entry in zip(held["items"], feed(folder).findall(f"{ATOM}entry"), strict=True):
        assert item["id"] == entry.findtext(f"{ATOM}id")
        assert item["title"] == entry.findtext(f"{ATOM}title")
        assert item["content_html"] == entry.findtext(f"{ATOM}content")
        assert datetime.fromisoformat(item["date_modified"]).isoformat() == entry.findtext(f"{ATOM}updated")
        assert item["attachments"][0]["mime_type"] == "application/cap+xml"
        assert item["url"] == entry.find(f"{ATOM}link[@type='text/html']").attrib["href"]  # type: ignore[union-attr]
    assert held["items"][1]["title"].startswith("Rettet 27. november kl. 06.28.")


async def test_the_banner_has_the_newest_headline_of_each_language(website: Website, folder: Path) -> None:
    await tell(website, ("alert", "update"))
    held = json.loads(page(folder, "banner.json"))
    assert (held["state"], held["exercise"], held["primary"]) == ("ongoing", False, "nb")
    assert held["languages"]["en"] == {
        "kind": "Update",
        "title": "Landslide at Moen: Leave the area now",
        "at": "27 November at 06:28",
        "url": "https://krise.fjordvik.kommune.no/en.html",
    }
    await tell(website, ("alert", "update", "all_clear"))
    assert json.loads(page(folder, "banner.json"))["state"] == "over"
    assert len((folder / "banner.js").read_bytes()) < 1000
