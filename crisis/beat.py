"""The process of beat: ``crisis beat``, Celery's clock, which rings for the sweeps. It has no memory, no secret and no database.

What it asks for does no harm when it is asked for twice, and a memory of when it last rang is told by a clock that somebody may set:
put back by an hour, it would be silent for an hour. Meanwhile standbys sweep, slower.
"""

import logging
import signal
import sys
from pathlib import Path
from typing import Any

from celery import beat

from crisis.broker import celery_app
from crisis.settings import Settings


class Scheduler(beat.Scheduler):  # type: ignore[misc]
    """Touches the file it is given whenever it looks at what is due: the file's time says that it goes."""

    def __init__(self, *args: Any, schedule_filename: str, **more: Any) -> None:
        self._looked = Path(schedule_filename)
        super().__init__(*args, **more)

    def tick(self, *args: Any, **more: Any) -> float:
        """Ring for what is due. Returns the seconds until it should look again."""
        self._looked.touch()
        seconds: float = super().tick(*args, **more)
        return seconds


def main() -> None:
    """Ring until SIGTERM or SIGINT. The argument names the file whose time says when it last looked."""
    settings = Settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s beat %(name)s: %(message)s")
    logging.getLogger("celery.beat").setLevel(logging.WARNING)  # a line for every sweep of every mode
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    app = celery_app(settings.without_secrets())
    beat.Service(app, scheduler_cls=Scheduler, schedule_filename=sys.argv[1]).start()


if __name__ == "__main__":
    main()
