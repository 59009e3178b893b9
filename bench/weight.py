"""Weight: the memory that the service's processes have to themselves while it works, group by group.

What a worker has imported is shared by all its children, so what one more of them costs its machine is the rest: what no other process
has (its unique set size).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import psutil

FIRST, MIDDLE, LAST = 0.1, 0.5, 1.0


@dataclass(frozen=True, slots=True)
class Grown:
    """Bytes of the heaviest process of a group: when a tenth, half and all was sent, and the most that was ever seen."""

    first: int
    middle: int
    last: int
    most: int


Weights = Mapping[str, Grown]


class Weight:
    """Groups of processes by the process that started them. A group's weight is that of its heaviest: each must be flat."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = roots
        self._now = dict.fromkeys(roots, 0)
        self._most = dict.fromkeys(roots, 0)
        self._marks: dict[float, dict[str, int]] = {}

    def look(self) -> None:
        """Weigh everybody now."""
        for name, root in self._roots.items():
            self._now[name] = heaviest(root)
            self._most[name] = max(self._most[name], self._now[name])

    def mark(self, share: float) -> str:
        """Remember the last look as that of this share of the work, and say it."""
        self._marks[share] = dict(self._now)
        return ", ".join(f"{name} {held >> 20:,} MiB" for name, held in self._now.items())

    def found(self) -> Weights:
        """Every group. A share that was never reached weighs nothing."""
        return {
            name: Grown(*(self._marks.get(share, {}).get(name, 0) for share in (FIRST, MIDDLE, LAST)), self._most[name])
            for name in self._roots
        }


def heaviest(root: int) -> int:
    """Bytes that the heaviest of these has to itself: the pool of a worker, whose children run what it runs; else the process itself.

    What ends meanwhile weighs nothing.
    """
    try:
        process = psutil.Process(root)
        command, children = process.cmdline(), process.children()
    except psutil.NoSuchProcess:
        return 0
    return max(_own(child, command) for child in children) if children else _own(process, command)


def _own(process: psutil.Process, command: list[str]) -> int:
    try:
        return int(process.memory_full_info().uss) if process.cmdline() == command else 0
    except psutil.NoSuchProcess:
        return 0
