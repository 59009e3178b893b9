"""Whether a process that was started does its work by now.

``python -m crisis.embedded.readiness actual`` exits with 0 if this machine's worker of that mode does, for whoever watches a container.
"""

import socket
import sys

from kombu.exceptions import OperationalError
from redis import RedisError

from crisis.broker import celery_app
from crisis.mode import Mode
from crisis.settings import Settings


def listens(port: int) -> bool:
    """A server accepts connections on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def works(settings: Settings, mode: Mode, *, seconds: float = 0.5) -> bool:
    """This machine's worker of ``mode`` takes kicks from the broker: it answers within so many seconds when asked over it."""
    app = celery_app(settings)
    try:
        return bool(app.control.ping(destination=[f"{mode.value}@{socket.gethostname()}"], timeout=seconds))
    except (OperationalError, RedisError, OSError):  # the broker is away for a moment
        return False
    finally:
        app.close()


def is_served(settings: Settings, mode: Mode) -> bool:
    """A worker of ``mode`` takes kicks from the broker, on whichever machine it runs."""
    app = celery_app(settings)
    try:
        answered = app.control.ping(timeout=1.0)
    except (OperationalError, RedisError, OSError):
        return False
    finally:
        app.close()
    return any(name.startswith(f"{mode.value}@") for each in answered for name in each)


if __name__ == "__main__":
    sys.exit(not works(Settings(), Mode(sys.argv[1]), seconds=5.0))
