"""Free ports on loopback."""

import socket


def free_port(first: int | None = None) -> int:
    """A TCP port of 127.0.0.1 that nobody listens on: ``first`` or the next free one after it, or any."""
    for port in range(first, first + 100) if first else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"No free port on 127.0.0.1 from {first} on.")
