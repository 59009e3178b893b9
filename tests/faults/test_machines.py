"""Several machines on one PostgreSQL and one Redis: each has a home and workers of its own, and none of them is needed."""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from crisis.bootstrap import Crisis
from crisis.deliveries.states import DeliveryState
from tests.faults.judge import (
    accepted,
    broadcast,
    is_out,
    left_by_lost_senders,
    longest_gap,
    nothing_lost_and_no_blind_repeat,
    repeats,
)
from tests.faults.network import Network, can_be_made, networks
from tests.faults.proxy import FaultProxy, port_of
from tests.faults.size import LONG, PEOPLE, TIMEOUT
from tests.faults.stack import Process, Stack, command_of, until
from tests.faults.table import MACHINES

pytestmark = pytest.mark.timeout(TIMEOUT)
CHILDREN = 2
TOLD = {DeliveryState.ACCEPTED, DeliveryState.UNKNOWN_FINAL}
Note = Callable[[str, object], None]


class Machine:
    """A worker by command, in a home of its own, and in a network of its own where it has one."""

    def __init__(self, stack: Stack, name: str, network: Network | None = None, **environment: str) -> None:
        self._stack, self._network, self._environment = stack, network, environment
        self._home: Path = stack.home / name
        self._home.mkdir(exist_ok=True)
        self.worker: Process = self.start()

    def start(self) -> Process:
        """Start its worker; :meth:`is_up` says when it is there."""
        command = [sys.executable, "-m", "crisis", "worker", "--mode", "actual", "--concurrency", str(CHILDREN)]
        if self._network is not None:
            command = self._network.command(command)
        self.worker = self._stack.run(command, CRISIS_HOME=str(self._home), **self._environment)
        return self.worker

    async def is_up(self) -> bool:
        """All its processes are there: the worker, its children, its standby."""
        assert self.worker.process.poll() is None, self.worker.said()
        return sum("crisis" in command_of(each) for each in self.worker.family()) >= CHILDREN + 2

    def stop_still(self) -> list[psutil.Process]:
        """SIGSTOP to all of it; the stopped."""
        family = self.worker.family()
        for process in family:
            process.suspend()
        return family


@pytest.mark.skipif(
    not LONG and can_be_made(), reason="in the short form the one with networks of their own does it all"
)
@pytest.mark.fault(MACHINES)
async def test_of_three_machines_one_may_be_killed_and_one_stand_still(
    stack: Stack, crisis: Crisis, record_property: Note
) -> None:
    machines = [Machine(stack, f"machine-{n}", CRISIS_SENDERS_PER_HOST="3") for n in range(3)]
    for machine in machines:
        await until(machine.is_up, what=machine.worker.said())
    await broadcast(crisis)
    await is_out(stack, PEOPLE // 5)
    machines[0].worker.kill()
    await is_out(stack, PEOPLE * 2 // 5)
    still = machines[1].stop_still()
    try:
        await nothing_lost_and_no_blind_repeat(stack, crisis)
    finally:
        for process in still:
            process.resume()
    await asyncio.sleep(2)  # it goes on, with results nobody waits for any more
    found = await note(stack, crisis, record_property)
    assert found.total() == PEOPLE
    machines[1].worker.kill()
    machines[2].worker.kill()


@pytest.mark.fault(MACHINES)
async def test_of_three_machines_in_networks_of_their_own_one_is_killed_one_stands_still_and_one_is_cut_off(
    stack: Stack, crisis: Crisis, record_property: Note
) -> None:
    with ExitStack() as held:
        apart = held.enter_context(networks(2))
        machines = [Machine(stack, "machine-here")]
        machines += [Machine(stack, network.name, network, **through(held, stack, network)) for network in apart]
        here, one, _ = machines
        held.callback(lambda: [machine.worker.kill() for machine in machines])
        for machine in machines:
            await until(machine.is_up, what=machine.worker.said())
        await broadcast(crisis)
        await is_out(stack, PEOPLE // 5)
        here.worker.kill()
        await is_out(stack, PEOPLE * 2 // 5)
        still = one.stop_still()
        await is_out(stack, PEOPLE * 3 // 5)
        apart[1].cut()
        out = accepted(stack)
        here.start()
        await is_out(stack, min(out + PEOPLE // 10, PEOPLE))
        apart[1].mend()
        for process in still:
            process.resume()
        await until(here.is_up, what=here.worker.said())
        await note(stack, crisis, record_property)
        for machine in machines:
            assert machine.worker.process.poll() is None, machine.worker.said()


def through(held: ExitStack, stack: Stack, network: Network) -> dict[str, str]:
    """The environment of a machine to which PostgreSQL, Redis and the providers are across the link."""
    found = {}
    for server in ("CRISIS_DATABASE_URL", "CRISIS_REDIS_URL", "CRISIS_GRAPH_URL"):
        proxy = held.enter_context(FaultProxy(port_of(stack.environment[server]), network.here))
        behind = {name: proxy.instead_of(value) for name, value in stack.environment.items() if "_URL" in name}
        found |= {name: value for name, value in behind.items() if value != stack.environment[name]}
    return found


async def note(stack: Stack, crisis: Crisis, record_property: Note) -> Counter[DeliveryState]:
    """The judge's word, and the figures: how many are in which state."""
    found = await nothing_lost_and_no_blind_repeat(stack, crisis)
    assert set(found) <= TOLD
    assert accepted(stack) + found[DeliveryState.UNKNOWN_FINAL] >= PEOPLE
    record_property("accepted, distinct", accepted(stack))
    record_property("repeats, all flagged", repeats(stack))
    record_property("left by lost senders", len(await left_by_lost_senders(crisis)))
    record_property("waiting for a person", found[DeliveryState.UNKNOWN_FINAL])
    record_property("longest standstill, s", longest_gap(stack))
    return found
