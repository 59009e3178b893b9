"""The shipped playbooks, each played to its end by a machine: everything that is expected can be met, and is. Real PostgreSQL, broker,
sandbox and exercise worker; whatever was sent anywhere came to the sandbox and begins with the marker.
"""

import re
from collections.abc import Iterator

import pytest

from crisis.autoplay.performance import perform
from crisis.bootstrap import Crisis
from crisis.mode import Mode
from crisis.playbooks.models import Playbook
from crisis.settings import data_dir
from tests import factories
from tests.conftest import reachable_folder
from tests.crisis.drills.stage import LEADER
from tests.faults.stack import Stack

MARKER = "ØVELSE ØVELSE ØVELSE"
PEOPLE = 4
SHIPPED = sorted(path.stem for path in data_dir("playbooks").glob("*.yaml"))
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with reachable_folder() as home, Stack(home) as running:
        running.worker(mode=Mode.EXERCISE, concurrency=2)
        running.beat()
        yield running


async def settle(crisis: Crisis, playbook: Playbook) -> None:
    """The accounts that its messages go through and its units publish on, and some people."""
    for channel in playbook.channels:
        await factories.account(crisis, channel, address="Fjordvik" if channel == "sms" else "1000")
    units = {(each.unit, each.channel or "facebook") for each in playbook.injects if each.unit}
    units |= {(role.unit, "facebook") for role in playbook.roles if role.unit and role.plays == "unit"}
    for number, (unit, channel) in enumerate(sorted((str(unit), channel) for unit, channel in units), 4242):
        await factories.account(crisis, channel, unit=unit, address=str(number))
    await factories.audience(crisis, PEOPLE)


def test_there_are_five() -> None:
    assert len(SHIPPED) == 5


@pytest.mark.parametrize("name", SHIPPED)
async def test_everything_it_expects_is_met(stack: Stack, name: str) -> None:
    stack.behave()
    async with stack.crisis() as crisis:
        playbook, entry = crisis.shelf.get(name), crisis.shelf.entry(name)
        await settle(crisis, playbook)
        done = await perform(crisis, LEADER, playbook, sha256=entry.sha256, speed=0)
        standing = {each.key: (each.expectation.action, each.state.value, each.row.evidence) for each in done.not_met}
        assert (standing, done.problems, done.picture.drill.state.value) == ({}, {}, "ended")
        assert done.is_whole
    records = stack.sandbox.records()
    assert {record["provider"] for record in records} >= {"graph", "twilio"}
    for record in records:
        if record["text"] is not None and record["verb"] in {"create", "edit", "comment"}:
            said = " ".join(re.sub(r"<[^>]+>", " ", record["text"]).split())
            assert said.startswith(MARKER), record
        assert record["to"] is None or record["to"].startswith("+999"), record
