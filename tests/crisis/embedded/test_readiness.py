import socket
from pathlib import Path

from crisis.embedded.port import free_port
from crisis.embedded.readiness import listens, works
from crisis.embedded.valkey import Valkey
from crisis.mode import Mode
from crisis.settings import Settings


def test_a_port_listens_or_does_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert listens(server.getsockname()[1])
    assert not listens(free_port())


def test_without_a_worker_or_a_broker_nobody_works(home: Path) -> None:
    with Valkey(home) as valkey:
        settings = Settings(home=home, redis_url=valkey.start())
        assert not works(settings, Mode.ACTUAL)
    assert not works(settings, Mode.ACTUAL)


def test_a_taken_port_gives_the_next_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        assert taken < free_port(taken) <= taken + 100
