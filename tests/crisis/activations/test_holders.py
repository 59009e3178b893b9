"""A holder is dead when that is proved, and never for having been silent."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from crisis.activations import holders
from crisis.activations.holders import Holder, started
from tests.crisis.activations.processes import ended, living


def test_a_living_process_is_not_dead() -> None:
    with living() as (holder, _):
        assert holder.is_here()
        assert not holder.is_dead()
    assert not Holder.this_process().is_dead()


def test_an_ended_process_is_dead() -> None:
    assert ended().is_dead()


def test_a_stopped_process_is_not_dead() -> None:
    with living() as (holder, child):
        child.send_signal(signal.SIGSTOP)
        assert not holder.is_dead()


def test_a_corpse_that_nobody_has_buried_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    holder = Holder(holders.this_host(), child.pid, started(child.pid) or -1)
    deadline = time.monotonic() + 10
    while not holder.is_dead() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert child.returncode is None, "it has not been waited for, so its pid is still taken"
    assert holder.is_dead()
    child.wait()


def test_another_process_with_a_reused_pid_is_not_the_holder() -> None:
    with living() as (holder, _):
        assert replace(holder, pid_started=holder.pid_started - 1).is_dead()


def test_nothing_is_proved_about_a_process_elsewhere() -> None:
    dead = ended()
    name, boot, namespace = dead.host.split(" ")
    for host in (
        f"other {boot} {namespace}",
        f"{name} 00000000-0000-0000-0000-000000000000 {namespace}",
        f"{name} {boot} pid:[1]",
        "",
    ):
        elsewhere = replace(dead, host=host)
        assert not elsewhere.is_here()
        assert not elsewhere.is_dead()
    assert replace(dead, host="vakt-1 x y").host_name == "vakt-1"


async def test_killing_ends_it_and_proves_it() -> None:
    with living() as (holder, child):
        assert await holder.kill()
        assert holder.is_dead()
        assert child.wait(5) == -signal.SIGKILL
        assert await holder.kill(), "what is dead already needs no killing"


async def test_a_stopped_process_is_killed_too() -> None:
    with living() as (holder, child):
        child.send_signal(signal.SIGSTOP)
        assert await holder.kill()


async def test_nobody_kills_itself_or_a_process_elsewhere_or_the_new_owner_of_a_pid() -> None:
    assert not await Holder.this_process().kill()
    with living() as (holder, child):
        assert not await replace(holder, host="another host").kill()
        assert await replace(holder, pid_started=1).kill(), "that holder is dead, whoever has its pid now"
        assert child.poll() is None, "and the one who has it now was left alone"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may end anybody's process")
async def test_a_process_of_another_user_is_not_called_dead_for_want_of_rights() -> None:
    init = Holder(holders.this_host(), 1, started(1) or 0)
    assert not await init.kill()
