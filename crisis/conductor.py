"""The process of a conductor: ``crisis conductor``. It has no secret and no key, like every process of an exercise."""

import asyncio
import logging
import signal
import sys
from pathlib import Path

from crisis.bootstrap import Crisis, crisis_of
from crisis.drills.conductor import Conductor
from crisis.drills.world import World
from crisis.settings import Settings

log = logging.getLogger(__name__)


async def conduct(settings: Settings, sign: Path | None = None) -> None:
    """Make drills go until SIGTERM or SIGINT. It may be killed at any moment, and any number of them may run.

    ``sign`` is a file whose time says when it last looked, for whoever watches the process.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    crisis = crisis_of(settings.without_secrets())
    try:
        await conductor_of(crisis).run(stopped, looked=sign.touch if sign else None)
    finally:
        await crisis.db.close()


def conductor_of(crisis: Crisis) -> Conductor:
    """A conductor with the world that drills happen in: the sandbox, where there is one."""
    url = crisis.settings.sandbox_url
    return Conductor(crisis, World(crisis.db, url) if url else None)


def main() -> None:
    """Run in a process of its own. An argument names the file that says when it last looked."""
    settings = Settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s conductor %(name)s: %(message)s")
    asyncio.run(conduct(settings, Path(sys.argv[1]) if sys.argv[1:] else None))


if __name__ == "__main__":
    main()
