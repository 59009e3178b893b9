"""The most memory that a process has held."""

import resource
import sys
from pathlib import Path

MIB = 1 << 20


def peak_memory() -> int:
    """Bytes that this process has held at most since it became this program.

    Of Linux it is asked by another way than elsewhere: there, what ``getrusage`` says includes the process it was started by.
    """
    try:
        said = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(said.partition("VmHWM:")[2].split()[0]) << 10
    except (OSError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most << 10
