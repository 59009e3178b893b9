"""The model of the lock protocol (``lock.pml``) and what it is asked: the protocol as it is, each mutant, each witness.

Spin makes a program of the model that goes through every order of every step. ``spin`` and a C compiler are the system's:
``apt install spin gcc libc6-dev``.
"""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

MODEL = Path(__file__).with_name("lock.pml")
NEEDED = ("spin", "gcc")
COMPILED = ("-w", "-O1", "-DSAFETY", "-DNOFAIR", "-DCOLLAPSE", "-DVECTORSZ=512")
DEPTH = 200_000
"""Steps of the longest history; one that is longer would be said."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens in one history: who activates, how often, and how often a process is killed and the database crashes."""

    directors: int = 1
    activations: int = 1
    kills: int = 0
    crashes: int = 0

    def switches(self) -> list[str]:
        """For Spin."""
        return [f"-D{name.upper()}={value}" for name, value in asdict(self).items()]

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in asdict(self).items())


SHORT = Size()
"""For ``make test``. Whoever drains may kill at any size."""
LONG = (Size(2), Size(2, activations=2), Size(kills=1, crashes=1))
MUTANTS = {
    "READ_THEN_SEND": Size(),
    "NO_DRAIN": Size(),
    "CLOCK_EXPIRY": Size(),
    "SNAPSHOT_FIRST": Size(),
    "UNPROVED_DEATH": Size(),
    "RELEASE_BY_ITSELF": Size(),
    "OVERDUE_GOES_OUT": Size(),
    "RETRY_WITHOUT_PERMIT": Size(),
    "DOOR_WITHOUT_PERMIT": Size(),
    "NATIVE_SCHEDULE": Size(),
    "LOOK_UNDER_A_PERMIT": Size(),
    "DECIDE_UNDER_A_PERMIT": Size(),
    "HASTY_LOOK": Size(),
    "TWO_MAY_WIN": Size(2, activations=2),
    "ASYNC_COMMIT": Size(crashes=1),
}
"""Each breaks one thing, and breaks an invariant with it."""
PLAIN_MUTANTS = (
    "READ_THEN_SEND",
    "NO_DRAIN",
    "CLOCK_EXPIRY",
    "SNAPSHOT_FIRST",
    "RELEASE_BY_ITSELF",
    "DECIDE_UNDER_A_PERMIT",
)
"""Those that ``make test`` tries, one for each thing that can be wrong; ``make model`` tries them all."""
WITNESSES = {
    "SEE_CONFIRMED": Size(),
    "SEE_LISTED": Size(),
    "SEE_RETRY": Size(),
    "SEE_RELEASED_POST": Size(),
    "SEE_CRISIS_MESSAGE_IN_A_DRAIN": Size(),
    "SEE_SECOND_LOCK": Size(2, activations=2),
}
"""Each says of something that can happen that it never does."""


@dataclass(frozen=True, slots=True)
class Explored:
    """What came of it. ``broken`` is the assertion that failed, in the model's words; ``None`` if none can."""

    broken: str | None
    states: int
    seconds: float


class ModelError(Exception):
    """The model could not be explored to its end, or was not understood."""


def missing() -> str | None:
    """What is needed and is not installed, as a sentence; ``None`` if all is there."""
    lacking = [name for name in NEEDED if shutil.which(name) is None]
    if not lacking:
        return None
    return f"The model needs {' and '.join(lacking)}, which is not installed here: apt install spin gcc libc6-dev."


def explore(folder: Path, size: Size, *switches: str) -> Explored:
    """Go through the whole model at this size, in a folder of its own, until an assertion fails. Raises :class:`ModelError`."""
    folder.mkdir(parents=True, exist_ok=True)
    given = [f"-D{switch}" for switch in switches] + size.switches()
    _run(folder, ["spin", *given, "-a", str(MODEL)])
    _run(folder, ["gcc", *COMPILED, "-o", "pan", "pan.c"])
    said = _run(folder, ["./pan", f"-m{DEPTH}", "-w22"])
    states, seconds = re.search(r"(\d+) states, stored", said), re.search(r"elapsed time ([\d.]+) seconds", said)
    errors = re.search(r"errors: (\d+)", said)
    broken = re.search(r"pan:\d+: (?:assertion violated )?(.+) \(at depth \d+\)", said)
    if states is None or errors is None or "max search depth too small" in said:
        raise ModelError(said)
    if (errors.group(1) != "0") != (broken is not None):
        raise ModelError(said)
    return Explored(
        broken.group(1) if broken else None, int(states.group(1)), float(seconds.group(1)) if seconds else 0.0
    )


def _run(folder: Path, command: Sequence[str]) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ModelError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
