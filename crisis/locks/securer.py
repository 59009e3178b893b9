"""The securer: everything an activation asks for behind the gate, account by account, in every process that stands by.

The gate is locked in one commit, and this never holds it up: levers, schedules, the watch and the notifications are rows that
any number of processes plan (writing a row twice is harmless), claim under a lease and finish. It runs beside each worker, in
the standby's process, needs PostgreSQL and no broker, and takes no sender's place.

Runbook: if levers stay at *wanted* or nobody is told, no standby of that mode is running: ``crisis doctor`` says so, and
``crisis worker`` starts one. A duty that fails is logged and tried again; it never stops the others.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.exc import DBAPIError

from crisis.errors import CrisisError

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
"""Between two looks for something to do: how late a lever may begin after the gate was locked."""


class Duty(Protocol):
    """One kind of work behind the gate."""

    name: str

    async def round(self) -> bool:
        """Plan what the activation in force asks for, and do some of what is due; return whether there may be more right now.

        Short enough (a few seconds) that a process which is told to end can do so between two rounds.
        """
        ...


class Securer:
    """The duties of one mode in one process."""

    def __init__(self, duties: Sequence[Duty]) -> None:
        self._duties = duties

    async def run(self) -> None:
        """Go on for ever: each duty by itself, so that none waits for another. Cancel it to end."""
        async with asyncio.TaskGroup() as group:
            for duty in self._duties:
                group.create_task(self._go_on(duty))

    async def settle(self, rounds: int = 100) -> None:
        """Do everything that is due now, and return. Raises what a duty raises."""
        for _ in range(rounds):
            if not any([await duty.round() for duty in self._duties]):
                return

    async def _go_on(self, duty: Duty) -> None:
        while True:
            more = False
            try:
                more = await duty.round()
            except (DBAPIError, OSError, CrisisError) as error:
                log.warning("The %s could not be seen to: %s", duty.name, error)
            except Exception:  # whatever is wrong with one duty, the others go on
                log.exception("The %s could not be seen to.", duty.name)
            await asyncio.sleep(0 if more else PAUSE_SECONDS)
