"""The crisis page in two places: the second is a copy, and holds nothing up."""

import logging
import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.second_place import SecondPlace
from adapters.website import Website
from tests.adapters.crisis_page.files import public
from tests.adapters.told import IMPRINT, tell, told
from tests.adapters.waiting import eventually
from tests.adapters.website.page import ACCOUNT, MESSAGE, later, names_in, page, setup_for


def two(folder: Path, second: Path) -> Website:
    return Website(replace(setup_for(folder, imprint=IMPRINT), second_public_dir=second))


async def test_the_second_place_gets_every_file_and_loses_what_was_withdrawn(folder: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    website = two(folder, second)
    await tell(website, ("alert", "update"))
    await eventually(lambda: public(second) == public(folder))
    for reference in ("nb/32nb", "en/32en"):
        await website.withdraw(ACCOUNT, reference)
    await eventually(lambda: public(second) == public(folder))
    assert ".entries" not in names_in(second), "what the page remembers stays at home"
    assert await website.faults() == []
    assert {path.stat().st_mode & 0o777 for path in second.iterdir()} == {0o644}


async def test_a_second_place_that_is_away_holds_nothing_up_is_said_once_and_mended_later(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    second = tmp_path / "second"
    website = two(folder, second)
    with caplog.at_level(logging.WARNING, "adapters.second_place"):
        for number in range(1, 4):
            await website.publish(ACCOUNT, later(number))
            await website.keep({})
            await eventually(lambda: "is behind" in caplog.text)
        assert "Melding 3" in page(folder)
        assert caplog.text.count("is behind") == 1
        ((fault, advice),) = await website.faults()
        assert "second cannot be written" in fault
        assert "mounted" in advice
        second.mkdir()
        await website.keep({})
        await eventually(lambda: public(second) == public(folder))
        await eventually(lambda: "up to date again" in caplog.text)
    assert await website.faults() == []


async def test_a_second_place_that_answers_nothing_holds_nobody_up(folder: Path, tmp_path: Path) -> None:
    """A pipe that nobody writes to, in a file's place: whoever reads it waits for ever, as in a mount whose far end is gone."""
    second = tmp_path / "second"
    second.mkdir()
    os.mkfifo(second / "index.html")
    website = Website(replace(setup_for(folder, call_seconds=0.4), second_public_dir=second))
    began = time.monotonic()
    for number in range(1, 4):
        await website.publish(ACCOUNT, later(number))
        await website.keep({})
    assert "Melding 3" in page(folder)
    ((fault, _),) = await website.faults()
    assert "does not answer" in fault
    assert time.monotonic() - began < 5


async def test_what_somebody_changed_there_is_put_right_and_an_empty_first_place_removes_nothing(
    folder: Path, tmp_path: Path
) -> None:
    second = tmp_path / "second"
    second.mkdir()
    await two(folder, second).publish(ACCOUNT, MESSAGE)
    await eventually(lambda: public(second) == public(folder))
    (second / "index.html").write_text("hijacked")
    SecondPlace(folder, second).nudge()
    await eventually(lambda: public(second) == public(folder))
    empty = tmp_path / "empty"
    empty.mkdir()
    before = public(second)
    place = SecondPlace(empty, second)
    place.nudge()
    await eventually(lambda: place._thread is None)
    assert public(second) == before


async def test_a_promise_that_is_days_away_has_its_date_everywhere(website: Website, folder: Path) -> None:
    alert = told(("alert",))[0]
    assert alert.issued_at
    await website.publish(ACCOUNT, replace(alert, next_update_at=alert.issued_at + timedelta(days=1)))
    for name in ("index.html", "noticeboard.html", "feed.atom", "feed.json"):
        assert "Neste melding kommer 28. november kl. 05.58." in page(folder, name), name
