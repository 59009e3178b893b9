"""What the public sees of the crisis page: the page that is served, and not the files that were written."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.guard import Guard
from adapters.visit import Visitor
from crisis.channels import Found
from tests.adapters.contract import ENOUGH_SECONDS
from tests.adapters.look.page import ISSUED, PageOutlet, message
from tests.adapters.sandbox_server import SandboxServer
from tests.adapters.scripted import Scripted


@pytest.fixture(autouse=True)
async def page(sandbox: SandboxServer, folder: Path) -> PageOutlet:
    """Something was published on it before: a folder that is not the one served differs from an empty one."""
    outlet = PageOutlet(sandbox, folder)
    async with outlet.opened() as channel:
        await channel.publish(outlet.account(), message(outlet))
    return outlet


async def test_a_folder_that_is_not_the_one_served_is_seen_to_be_so(page: PageOutlet, tmp_path: Path) -> None:
    """The files are written, the channel says done, and the public reads something else."""
    out = message(page, 7)
    async with page.opened(public_dir=tmp_path / "exercise" / "elsewhere") as channel:
        receipt = await channel.publish(page.account(), out)
        sighting = await channel.look(page.account(), receipt.reference, out)
    assert sighting.found is Found.NO
    assert "folder" in (sighting.why or "")


async def test_the_same_words_with_an_older_time_are_not_this_revision(page: PageOutlet) -> None:
    out = message(page, 8)
    async with page.opened() as channel:
        receipt = await channel.publish(page.account(), out)
        later = replace(out, issued_at=ISSUED + timedelta(minutes=30))
        sighting = await channel.look(page.account(), receipt.reference, later)
    assert (sighting.found, "time" in (sighting.why or "")) == (Found.NO, True)


async def test_each_language_is_looked_at_on_its_own_page(page: PageOutlet) -> None:
    async with page.opened() as channel:
        out = message(page, 9, language="nn")
        receipt = await channel.publish(page.account(), out)
        assert (await channel.look(page.account(), receipt.reference, out)).found is Found.YES
        assert (await channel.look(page.account(), f"en/{out.key}", out)).found is Found.NO


async def test_a_page_that_is_about_a_newer_crisis_says_nothing_against_the_older(page: PageOutlet) -> None:
    async with page.opened() as channel:
        old = message(page, 10, thread="1")
        receipt = await channel.publish(page.account(), old)
        await channel.publish(
            page.account(), replace(message(page, 11, thread="2"), issued_at=ISSUED + timedelta(days=1))
        )
        sighting = await channel.look(page.account(), receipt.reference, old)
        await channel.withdraw(page.account(), f"nb/{message(page, 11).key}")
    assert (sighting.found, "newer" in (sighting.why or "")) == (Found.CANNOT_TELL, True)


async def test_without_an_address_it_says_what_to_set(page: PageOutlet) -> None:
    async with page.opened(crisis_page_url="") as channel:
        out = message(page, 12)
        receipt = await channel.publish(page.account(), out)
        sighting = await channel.look(page.account(), receipt.reference, out)
    assert sighting.found is Found.CANNOT_TELL
    assert "CRISIS_CRISIS_PAGE_URL" in (sighting.why or "")


async def test_an_exercise_looks_nowhere_but_at_the_sandbox(page: PageOutlet) -> None:
    with Scripted() as elsewhere:
        async with page.opened(crisis_page_url=f"{elsewhere.url}/") as channel:
            out = message(page, 13)
            receipt = await channel.publish(page.account(), out)
            sighting = await channel.look(page.account(), receipt.reference, out)
        assert elsewhere.requests == []
    assert sighting.found is Found.CANNOT_TELL


async def test_the_sandbox_serves_pages_and_nothing_that_lies_beside_them(sandbox: SandboxServer, folder: Path) -> None:
    visitor = Visitor(Guard(None), call_seconds=ENOUGH_SECONDS)
    for name in (".entries/nb/1.json", "../public/index.html", ".entries", "feed.atom", "no-such.html", "a/b.html"):
        sighting = await visitor.look(f"{sandbox.url}/crisis-page/{name}", lambda _: None)
        assert sighting.found is not Found.YES, name
    await visitor.close()
    assert await asyncio.to_thread(folder.exists)
