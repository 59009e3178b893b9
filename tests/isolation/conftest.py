"""An installation that holds live credentials and live addresses, and a tripwire at the latter."""

import secrets
from collections.abc import AsyncIterator, Iterator

import pytest

from crisis.bootstrap import Crisis
from crisis.mode import Mode
from tests.conftest import reachable_folder
from tests.faults.stack import Process, Stack
from tests.isolation.tripwire import Tripwire

LIVE_SECRETS = {
    "CRISIS_TWILIO_ACCOUNT_SID": "AC" + secrets.token_hex(16),
    "CRISIS_TWILIO_AUTH_TOKEN": secrets.token_hex(16),
    "CRISIS_TWILIO_AUTH_TOKEN_NEXT": secrets.token_hex(16),
    "CRISIS_TWILIO_SECOND_ACCOUNT_SID": "AC" + secrets.token_hex(16),
    "CRISIS_TWILIO_SECOND_AUTH_TOKEN": secrets.token_hex(16),
    "CRISIS_X_CONSUMER_KEY": secrets.token_hex(16),
    "CRISIS_X_CONSUMER_SECRET": secrets.token_hex(16),
    "CRISIS_FACEBOOK_APP_SECRET": secrets.token_hex(16),
    "CRISIS_FACEBOOK_VERIFY_TOKEN": secrets.token_hex(16),
    "CRISIS_SMTP_PASSWORD": secrets.token_hex(16),
    "CRISIS_NUMBERS_KEY": secrets.token_hex(32),
    "CRISIS_CREDENTIALS_KEY": secrets.token_hex(32),
}
LIVE_PAGE = b"<h1>Ingen krise i Fjordvik</h1>"


@pytest.fixture(scope="module")
def tripwire() -> Iterator[Tripwire]:
    with Tripwire() as running:
        yield running


@pytest.fixture(scope="module")
def stack(tripwire: Tripwire) -> Iterator[Stack]:
    """Everything in the environment that could lead an exercise astray, the machine's proxy included."""
    live = {
        **LIVE_SECRETS,
        "CRISIS_GRAPH_URL": f"{tripwire.url}/graph",
        "CRISIS_X_URL": f"{tripwire.url}/x",
        "CRISIS_TWILIO_URL": f"{tripwire.url}/twilio",
        "CRISIS_SMTP_HOST": "127.0.0.1",
        "CRISIS_SMTP_PORT": tripwire.url.rpartition(":")[2],
        "CRISIS_SMTP_TLS": "none",
        "CRISIS_MAIL_FROM": "krise@fjordvik.example",
        "HTTP_PROXY": f"{tripwire.url}/proxy",
        "http_proxy": f"{tripwire.url}/proxy",
        "ALL_PROXY": f"{tripwire.url}/proxy",
    }
    with reachable_folder() as home:
        public = home / "public"
        public.mkdir()
        (public / "index.html").write_bytes(LIVE_PAGE)
        with Stack(home, environment={**live, "CRISIS_PUBLIC_DIR": str(public)}) as running:
            yield running


@pytest.fixture
async def crisis(stack: Stack, tripwire: Tripwire) -> AsyncIterator[Crisis]:
    """The domain on the installation, emptied, and nothing touched yet."""
    stack.behave()
    async with stack.crisis() as made:
        tripwire.touched.clear()
        yield made


@pytest.fixture
def worker(stack: Stack) -> Iterator[Process]:
    """An exercise worker that was handed the whole environment, secrets and all. The other tests are without one."""
    process = stack.worker(mode=Mode.EXERCISE, concurrency=2)
    yield process
    process.kill()
