"""Too little memory for a process, as a container's limit has it: the kernel kills it. Linux control groups, as root."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_ROOTS = (
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),  # version 1
    (Path("/sys/fs/cgroup"), "memory.max"),  # version 2
)
LITTLE = 4096
"""Bytes more than the process has already: the second page it asks for is one too many."""


@contextmanager
def scarcity() -> Iterator[Path]:
    """A group with next to no memory; a pid written to its ``cgroup.procs`` is killed when it asks for more."""
    for root, limit in _ROOTS:
        folder = root / f"crisis-test-{os.getpid()}-{secrets.token_hex(3)}"
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            if not (folder / limit).exists():
                continue
            (folder / limit).write_text(str(LITTLE), encoding="ascii")
            yield folder
        finally:
            folder.rmdir()
        return
    pytest.skip("no memory limit can be set here: it takes root, and control groups that can be written to")
