"""A channel's setup, account and message as the adapter tests need them, with every secret recognisable."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from crisis.channels import AccountRef, ChannelSetup, Outgoing
from crisis.mode import Mode

PAGE_TOKEN = "EAAsecretPAGEtoken"
APP_SECRET = "secretAPP"
VERIFY_TOKEN = "secretVERIFY"
CONSUMER_KEY = "secretCONSUMERkey"
CONSUMER_SECRET = "secretCONSUMERsecret"
ACCESS_TOKEN = "2244994945-secretACCESS"
ACCESS_TOKEN_SECRET = "secretACCESSsecret"
SECRETS = (
    PAGE_TOKEN,
    APP_SECRET,
    VERIFY_TOKEN,
    CONSUMER_KEY,
    CONSUMER_SECRET,
    ACCESS_TOKEN,
    ACCESS_TOKEN_SECRET,
)


def a_setup(url: str, allowed: str | None, **changes: Any) -> ChannelSetup:
    """Every provider at ``url``, and no host allowed but ``allowed``."""
    made = ChannelSetup(
        mode=Mode.EXERCISE,
        graph_url=url,
        graph_version="v26.0",
        x_url=url,
        twilio_url=url,
        callback_url="https://crisis.example/receipts/exercise",
        public_dir=Path("public"),
        templates_dir=Path("templates"),
        municipality="Fjordvik kommune",
        crisis_page_host="krise.fjordvik.kommune.no",
        languages=("nb", "nn", "en"),
        allowed_hosts=None if allowed is None else frozenset({allowed}),
        x_consumer_key=CONSUMER_KEY,
        x_consumer_secret=CONSUMER_SECRET,
        facebook_app_id="app1",
        facebook_app_secret=APP_SECRET,
        facebook_verify_token=VERIFY_TOKEN,
        call_seconds=1.0,
    )
    return replace(made, **changes)


def an_account(channel: str, address: str | None, credentials: Mapping[str, str]) -> AccountRef:
    return AccountRef(1, channel, "Fjordvik kommune", address, credentials)


def a_message(text: str) -> Outgoing:
    return Outgoing(
        key="11111111-1111-7111-8111-111111111111",
        mode=Mode.EXERCISE,
        kind="alert",
        language="nb",
        title="Leirskred",
        text=text,
    )
