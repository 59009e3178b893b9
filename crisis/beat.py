"""Beat: Celery's clock, which rings for the sweeps, with no memory.

What it asks for does no harm when it is asked for twice, and a memory of when it last rang is told by a clock that somebody may set:
put back by an hour, it would be silent for an hour. Meanwhile standbys sweep, slower.
"""

from pathlib import Path
from typing import Any

from celery import beat


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
