import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from crisis.embedded.home import Home
from crisis.embedded.lock import Held
from crisis.errors import Unready
from crisis.settings import Settings

OPEN = """
import sys, time
from pathlib import Path
from crisis.embedded.home import Home
home = Home(Path(sys.argv[1]))
home.open()
home.announce({"api_url": "http://127.0.0.1:1"})
print("open", flush=True)
time.sleep(60)
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_home_and_all_in_it_is_ours_alone(tmp_path: Path) -> None:
    with Home(tmp_path / "home") as home:
        home.announce({"redis_url": "redis://:secret@127.0.0.1:1/0"})
        assert mode(home.path) == 0o700
        assert {path.name for path in home.path.iterdir()} == {"lock", "keys.json", "log", "run", "exercise"}
        for path in home.path.rglob("*"):
            assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_keys_are_made_once_and_kept(tmp_path: Path) -> None:
    with Home(tmp_path):
        made = json.loads((tmp_path / "keys.json").read_text())
    with Home(tmp_path):
        assert json.loads((tmp_path / "keys.json").read_text()) == made
    assert {name: len(bytes.fromhex(key)) for name, key in made.items()} == {
        "numbers_key": 32,
        "credentials_key": 32,
        "sandbox_token": 32,
    }
    assert len(set(made.values())) == 3


def test_a_missing_key_is_added_and_the_others_stay(tmp_path: Path) -> None:
    held = {"numbers_key": "11" * 32, "credentials_key": "22" * 32}
    (tmp_path / "keys.json").write_text(json.dumps(held))
    with Home(tmp_path):
        keys = json.loads((tmp_path / "keys.json").read_text())
    assert keys == held | {"sandbox_token": keys["sandbox_token"]}


def test_broken_keys_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"numbers_key": "11')
    with pytest.raises(Unready, match=r"keys\.json cannot be read .* put it back from a copy"), Home(tmp_path):
        pass
    assert (tmp_path / "keys.json").read_text() == '{"numbers_key": "11'


def test_settings_find_the_services_while_they_run_and_not_after(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        home.announce({"redis_url": "redis://:secret@127.0.0.1:1/0"})
        found = Settings(home=tmp_path)
        assert found.redis_url
        assert found.redis_url.get_secret_value() == "redis://:secret@127.0.0.1:1/0"
        assert found.numbers_key
    after = Settings(home=tmp_path)
    assert after.redis_url is None
    assert after.numbers_key == found.numbers_key


def test_a_second_up_is_refused_by_pid_and_harms_nothing_until_the_first_is_killed(tmp_path: Path) -> None:
    first = subprocess.Popen([sys.executable, "-c", OPEN, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert first.stdout
    try:
        assert first.stdout.readline() == "open\n"
        refused = f"The home folder {tmp_path} is in use by process {first.pid}\\."
        with pytest.raises(Held, match=refused), Home(tmp_path):
            pass
        assert (tmp_path / "run" / "services.json").exists()
    finally:
        first.kill()
        first.wait()
        first.stdout.close()
    with Home(tmp_path):
        assert not (tmp_path / "run" / "services.json").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(Unready, match=str(tmp_path)), Home(tmp_path / "home"):
        pass


def test_a_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(Unready, match=f"The home folder {tmp_path}/home cannot be used"), Home(tmp_path / "home"):
        pass
