"""Faketime: another time for one process, by libfaketime (``apt-get install faketime``). What is monotonic is left as it is."""

from pathlib import Path

import pytest

_LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
NEEDED = pytest.mark.skipif(
    not _LIBRARIES,
    reason="libfaketime is not installed, and nothing else here can tell one process another time (apt-get install faketime)",
)


def wrong(by: str) -> dict[str, str]:
    """The environment of a process whose clock is off by ``+1h``, say."""
    return {**_anyhow(), "FAKETIME": by}


def as_written(file: Path) -> dict[str, str]:
    """The same, of one whose clock is off by what stands in the file, at any moment."""
    return {**_anyhow(), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1"}


def _anyhow() -> dict[str, str]:
    return {"LD_PRELOAD": str(_LIBRARIES[0]), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
