"""``crisis drill``: started, led and stopped from the shell. Playing one through by a machine is in ``tests/playbooks``."""

import pytest

from crisis.settings import data_dir
from tests.crisis.cli.conftest import Shell

pytestmark = pytest.mark.usefixtures("db")  # which is empty
SLIDE = str(data_dir("playbooks") / "kvikkleireskred.yaml")


async def test_without_a_worker_of_exercises_nothing_is_played_and_that_is_said_at_once(
    shell: Shell, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = await shell("drill", "run", SLIDE, "--autoplay")
    assert (ran.code, "There is no broker." in ran.complained) == (1, True)
    monkeypatch.setenv("CRISIS_REDIS_URL", redis_url)
    ran = await shell("drill", "run", SLIDE, "--speed", "0", "--autoplay")
    assert ran.code == 1
    assert "No worker of exercises answers" in ran.complained
    assert "Nothing was started." in ran.complained
    assert (await shell("drill", "list", "--json")).json == []


async def test_a_drill_is_started_led_and_stopped(shell: Shell) -> None:
    begun = await shell("drill", "start", SLIDE)
    assert (begun.code, begun.err) == (0, "")
    assert "The emergency word" in begun.said
    assert (await shell("drill", "pause")).code == 0
    assert (await shell("drill", "status", "--json")).json["speed"] == 0
    assert (await shell("drill", "resume")).code == 0
    assert (await shell("drill", "speed", "60")).code == 0
    assert (await shell("drill", "status", "--json")).json["speed"] == 60
    last = (await shell("drill", "status", "--json")).json["injects"][-1]["id"]
    assert (await shell("drill", "skip", last)).code == 0
    assert (await shell("drill", "fire", last)).code == 1
    assert (await shell("drill", "note", "Rolig i rommet")).code == 0
    assert (await shell("drill", "stop", "Vi avbryter")).code == 0
    (row,) = (await shell("drill", "list", "--json")).json
    assert (row["state"], row["playbook"]) == ("stopped", "kvikkleireskred")
    again = await shell("drill", "pause")
    assert (again.code, "is over" in again.complained) == (1, True)
