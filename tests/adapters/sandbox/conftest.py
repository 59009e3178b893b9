"""A sandbox for each module, empty for each test, and an SDK for each provider."""

from collections.abc import Iterator

import facebook
import pytest
import requests
import tweepy
from twilio.rest import Client

from tests.adapters.sandbox.clients import BEARER, TOKEN, SandboxSession, twilio_client
from tests.adapters.sandbox_server import SandboxServer


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(TOKEN) as server:
        yield server


@pytest.fixture
def sandbox(server: SandboxServer) -> SandboxServer:
    server.clear()
    return server


@pytest.fixture
def sms(sandbox: SandboxServer) -> Client:
    return twilio_client(sandbox)


@pytest.fixture
def x(sandbox: SandboxServer) -> Iterator[tweepy.Client]:
    client = tweepy.Client(consumer_key="ck", consumer_secret="cs", access_token="4711-abc", access_token_secret="as")
    with SandboxSession(f"{sandbox.url}/x") as client.session:
        yield client


@pytest.fixture
def graph(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[facebook.GraphAPI]:
    monkeypatch.setattr(facebook, "FACEBOOK_GRAPH_URL", f"{sandbox.url}/graph/")
    with requests.Session() as session:
        session.headers.update(BEARER)
        client = facebook.GraphAPI(None, version="3.1", session=session, timeout=5)
        client.version = "v26.0"
        yield client
