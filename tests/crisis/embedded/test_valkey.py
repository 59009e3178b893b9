import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from crisis.embedded.child import MARK, end, wait_until_gone
from crisis.embedded.lock import Held
from crisis.embedded.valkey import Valkey


@pytest.fixture
def valkey(home: Path) -> Iterator[Valkey]:
    with Valkey(home) as server:
        yield server


def test_it_answers_to_its_password_only(valkey: Valkey) -> None:
    url = valkey.start()
    with redis.Redis.from_url(url) as client:
        assert client.ping()
    port = int(url.split(":")[-1].split("/")[0])
    with redis.Redis(port=port, retry=Retry(NoBackoff(), 0)) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_its_password_is_not_on_its_command_line_nor_on_disk(valkey: Valkey, home: Path) -> None:
    password = valkey.start().split(":")[2].split("@")[0]
    assert password not in " ".join(psutil.Process(valkey.pid).cmdline())
    files = [path for path in home.rglob("*") if path.is_file()]
    assert files
    assert all(password not in path.read_text() for path in files)


def test_a_killed_one_comes_back_empty_where_it_was(valkey: Valkey) -> None:
    url = valkey.start()
    with redis.Redis.from_url(url) as client:
        client.set("bell", "rung")
    valkey.kill()
    assert valkey.pid is None
    assert valkey.start() == url
    with redis.Redis.from_url(url) as client:
        assert client.get("bell") is None


def test_a_second_owner_is_refused(valkey: Valkey, home: Path) -> None:
    valkey.start()
    with pytest.raises(Held, match=f"in use by process {os.getpid()}"):
        Valkey(home).start()


def test_what_a_killed_owner_left_is_ended_first(home: Path) -> None:
    left = subprocess.Popen(["/bin/sleep", "60"], env={MARK: f"valkey in {home.resolve()}"})
    try:
        with Valkey(home) as valkey:
            assert valkey.pid
            assert wait_until_gone([left.pid], 0) == []
    finally:
        end(left, (signal.SIGKILL, 5))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes user")
def test_started_by_root_it_does_not_run_as_root(valkey: Valkey) -> None:
    valkey.start()
    assert 0 not in psutil.Process(valkey.pid).uids()
