"""A holder that stands still on another machine (a namespace of its own for network, name and processes): killed by its own machine's
standby, which alone can prove it dead; and where that stands still too, or is cut off, named as unresolved and never confirmed.
On this machine: ``test_lock.py``."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from crisis.activations import drain, service
from crisis.activations.holders import Holder, this_host
from crisis.activations.states import ActivationState
from crisis.bootstrap import Crisis
from tests import factories
from tests.faults.library import Library
from tests.faults.network import Network, networks
from tests.faults.size import TIMEOUT, either
from tests.faults.stack import LIMITS, Stack, until
from tests.faults.test_machines import Machine, through

pytestmark = pytest.mark.timeout(2 * TIMEOUT)
DRAIN_SECONDS = float(LIMITS["CRISIS_DRAIN_SECONDS"])
CALL = 1.2  # seconds that a post takes at Facebook after it is out
PATIENCE = 2.0  # seconds beyond the drain's limit in which nothing may be confirmed
Note = Callable[[str, object], None]


@pytest.fixture(scope="module")
def elsewhere(stack: Stack) -> Iterator[tuple[Machine, Network]]:
    """The only machine with a worker, and the link to it."""
    with ExitStack() as held:
        (network,) = held.enter_context(networks(1))
        machine = Machine(stack, network.name, network, **through(held, stack, network))
        held.callback(machine.worker.kill)
        yield machine, network


@pytest.fixture
async def caught(
    elsewhere: tuple[Machine, Network], stack: Stack, crisis: Crisis
) -> tuple[Library, Holder, psutil.Process]:
    """A library whose post is in a call there; who holds its permit, and the process that is, as seen from here."""
    machine, _ = elsewhere
    await until(machine.is_up, what=machine.worker.said())
    library = await Library.of(stack, crisis)
    stack.sandbox.fault("graph", "latency_after", seconds=CALL)
    await library.post()
    holder = await library.in_a_call()
    assert holder.host != this_host()
    (process,) = [each for each in machine.worker.family() if _pid_there(each) == holder.pid]
    return library, holder, process


@pytest.mark.fault(8)
async def test_a_sender_that_stands_still_elsewhere_is_killed_by_its_own_machines_standby(
    caught: tuple[Library, Holder, psutil.Process], record_property: Note
) -> None:
    library, holder, process = caught
    process.suspend()
    activation = await factories.activation(library.crisis.db)
    assert not await drain.step(library.crisis.db, activation.id, 0.0), "confirmed while it lives"
    assert not await holder.kill(), "said to be dead, and it cannot be seen from here"
    held = await library.confirmed(activation.id, seconds=40)
    await until(lambda: _gone(process), what="confirmed, and the holder lives")
    assert (held.confirmed_at - held.activated_at).total_seconds() >= DRAIN_SECONDS
    assert await library.listed_at_confirmation() == ["Biblioteket"]
    assert await library.permits() == []
    record_property("confirmed while a holder lived", 0)
    await service.stand_down(library.crisis.db, factories.DIRECTOR, activation.id)


@pytest.mark.fault(8)
@pytest.mark.parametrize(
    "cut", either([False], [False, True]), ids=either(["stands still"], ["stands still", "is cut off"])
)
async def test_a_machine_that_cannot_be_asked_is_named_and_nothing_is_confirmed(
    caught: tuple[Library, Holder, psutil.Process],
    elsewhere: tuple[Machine, Network],
    record_property: Note,
    cut: bool,
) -> None:
    library, holder, process = caught
    machine, network = elsewhere
    still = [process] if cut else machine.stop_still()
    if cut:
        process.suspend()
        network.cut()
    try:
        activation = await factories.activation(library.crisis.db)
        assert not await drain.drain(library.crisis.db, activation.id, DRAIN_SECONDS, DRAIN_SECONDS + PATIENCE)
        assert (await library.current()).state is ActivationState.LOCKING
        (permit,) = await library.permits()
        assert (permit.holder, permit.holder.host_name) == (holder, network.name)
        assert process.is_running(), "it was killed from where nobody could see it"
    finally:
        network.mend()
        if not cut:
            for each in still:
                with suppress(psutil.NoSuchProcess):
                    each.resume()
    await library.confirmed(activation.id, seconds=60)
    assert await library.permits() == []
    shown = len(library.shown())
    await asyncio.sleep(1)
    assert len(library.shown()) == shown <= 1
    record_property("confirmed while it could not be asked", 0)
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGCONT)


async def _gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def _pid_there(process: psutil.Process) -> int | None:
    """What the process is called in its own namespace."""
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    (names,) = [line.split() for line in lines if line.startswith("NSpid:")]
    return int(names[-1])
