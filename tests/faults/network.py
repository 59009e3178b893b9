"""Machines that are one only in name: processes in a network, a host name and a process namespace of their own, joined to this
machine by a link that can be cut. Linux, as root, with iproute2 and util-linux; elsewhere :func:`networks` skips the test.
"""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

NEEDED = ("ip", "unshare", "hostname", "sh")


@dataclass(frozen=True)
class Network:
    """One namespace. ``here`` is this machine's address on the link."""

    name: str
    here: str
    device: str

    def command(self, command: Sequence[str]) -> list[str]:
        """The same command, on that machine."""
        apart = ["unshare", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
        named = ["sh", "-c", 'hostname "$0" && exec "$@"', self.name]
        return ["ip", "netns", "exec", self.name, *apart, *named, *command]

    def cut(self) -> None:
        """Pull the plug: nothing arrives, and nobody is told."""
        _ip("link", "set", self.device, "down")

    def mend(self) -> None:
        """Put it back."""
        _ip("link", "set", self.device, "up")


def can_be_made() -> bool:
    """Whether it may be tried here at all."""
    return os.geteuid() == 0 and all(map(shutil.which, NEEDED))


@contextmanager
def networks(count: int) -> Iterator[list[Network]]:
    """So many namespaces, each with a link; gone at the end."""
    if not can_be_made():
        pytest.skip(f"network namespaces take root and {', '.join(NEEDED)}")
    subnet = random.randrange(256)
    with ExitStack() as made:
        yield [_network(made, subnet, number) for number in range(count)]


def _network(made: ExitStack, subnet: int, number: int) -> Network:
    name, first = f"crisis-{os.getpid()}-{number}", 4 * number
    here, there = (f"198.18.{subnet}.{first + host}" for host in (1, 2))  # a range that is kept for tests (RFC 2544)
    device, far = f"cr{os.getpid() % 100_000}h{number}", f"cr{os.getpid() % 100_000}n{number}"
    try:
        _ip("netns", "add", name)
        made.callback(_ip, "netns", "del", name)
        _ip("link", "add", device, "type", "veth", "peer", "name", far, "netns", name)
    except subprocess.CalledProcessError as problem:
        pytest.skip(f"no network namespace can be made here: {problem.stderr.strip()}")
    _ip("addr", "add", f"{here}/30", "dev", device)
    _ip("link", "set", device, "up")
    _ip("-n", name, "addr", "add", f"{there}/30", "dev", far)
    for each in ("lo", far):
        _ip("-n", name, "link", "set", each, "up")
    return Network(name, here, device)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)  # noqa: S607
