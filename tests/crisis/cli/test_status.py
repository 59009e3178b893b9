"""``crisis status``."""

import json
import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.settings import Settings
from tests import factories
from tests.crisis.cli.conftest import Shell


async def approved(crisis: Crisis) -> int:
    """A message on its way to a page and 50 people; the activation's id."""
    for channel in ("website", "sms"):
        await factories.account(crisis, channel)
    people = await factories.audience(crisis, 50)
    activation = await factories.activation(crisis.db)
    await factories.approved_alert(crisis, activation.id, audience_id=people)
    return activation.id


async def test_without_an_activation_it_says_so(shell: Shell, crisis: Crisis) -> None:
    assert crisis.settings.languages[0] == "nb"
    ran = await shell("status")
    assert ran.out.strip() == "No activation is in force. Units publish as usual."
    told = (await shell("status", "--json")).json
    assert (told["gate"], told["activation"], told["total"]) == ("open", None, 0)


async def test_the_counts_add_up_to_the_audience_and_are_in_words(shell: Shell, crisis: Crisis) -> None:
    await approved(crisis)
    async with crisis.db.transaction() as session:
        for state in ("leased", "in_flight", "accepted", "delivered"):
            await session.execute(
                text("UPDATE deliveries SET state = :state WHERE recipient_id <= 20"), {"state": state}
            )
        for state in ("leased", "in_flight", "unknown"):
            await session.execute(
                text("UPDATE deliveries SET state = :state WHERE recipient_id = 21"), {"state": state}
            )
    ran = await shell("status")
    assert "29 waiting, 1 may be out, being checked, 20 delivered" in ran.said
    told = (await shell("status", "--json")).json
    assert told["total"] == 51
    assert told["states"] == {"ready": 30, "unknown": 1, "delivered": 20}
    assert sum(line["total"] for line in told["lines"]) == 51
    assert all(sum(line["states"].values()) == line["total"] for line in told["lines"])


async def test_one_that_is_over_can_be_looked_at(shell: Shell, crisis: Crisis) -> None:
    number = await approved(crisis)
    await shell("stand-down", "--by", "Kommunedirektøren")
    ran = await shell("status", "--activation", str(number))
    assert "Stood down" in ran.out
    assert "by Kommunedirektøren" in ran.said
    missing = await shell("status", "--activation", "99")
    assert missing.code == 1
    assert "There is no activation 99" in missing.complained


async def test_an_exercise_is_marked_as_one(shell: Shell, crisis: Crisis) -> None:
    assert crisis.db
    await shell("activate", "Skred", "--exercise")
    assert (await shell("status", "--exercise")).out.startswith("ØVELSE ØVELSE ØVELSE  Skred")
    assert "No activation is in force" in (await shell("status")).out


@pytest.fixture
async def under_way(crisis: Crisis) -> int:
    return await approved(crisis)


@pytest.mark.usefixtures("under_way")
def test_watching_goes_on_until_it_is_told_to_stop(settings: Settings) -> None:
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    env = {"PATH": os.environ["PATH"], "CRISIS_HOME": str(settings.home), "CRISIS_DATABASE_URL": url}
    command = [sys.executable, "-m", "crisis", "status", "--watch", "--json"]
    before = signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # whoever runs the tests in the background ignores it, and children inherit that
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        signal.signal(signal.SIGINT, before)
        assert watching.stdout is not None
        lines = [json.loads(watching.stdout.readline()) for _ in range(2)]
        watching.send_signal(signal.SIGINT)
        _, complaint = watching.communicate(timeout=20)
    assert (watching.returncode, complaint) == (0, "")
    assert [line["total"] for line in lines] == [51, 51]
