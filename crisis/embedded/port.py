"""Free ports on loopback."""

import random
import socket

UNUSED = range(20_000, 30_000)
"""Where no system takes the near end of an outgoing connection from (Linux: 32768 on; IANA's dynamic ports: 49152 on), so that
what is free when we look is not a client's a moment later."""


def free_port(first: int | None = None) -> int:
    """A TCP port of 127.0.0.1 that nobody has: ``first`` or the next free one after it, or any of :data:`UNUSED`.

    Raises:
        OSError: a hundred tried, and all taken.
    """
    for port in range(first, first + 100) if first else random.sample(UNUSED, 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"No free port on 127.0.0.1{f' from {first} on' if first else ''}.")
