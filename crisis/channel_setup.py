"""Channel setup: everything the adapters of one mode are built from. Part of the port."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crisis.mode import Mode


@dataclass(frozen=True, slots=True)
class Imprint:
    """What the crisis page says of the municipality beside the messages. What is empty leaves its line out."""

    phone: str = ""
    accessibility_url: str = ""
    """The accessibility statement that the law asks every public site to link to."""
    privacy_url: str = ""
    preparedness_url: str = ""
    radio: str = ""
    """The station that sends what people must know, such as NRK P1."""
    number: str = ""
    """The municipality's official number, four digits; CAP's geocode."""


@dataclass(frozen=True, slots=True)
class ChannelSetup:
    """Everything the adapters of one mode are built from. ``bootstrap`` alone makes these."""

    mode: Mode
    graph_url: str
    graph_version: str
    x_url: str
    twilio_url: str
    callback_url: str
    """Public base address that providers call back, ending in the mode: ``https://.../receipts/actual``."""
    public_dir: Path
    """Folder the crisis page is written to."""
    templates_dir: Path
    municipality: str
    crisis_page_host: str
    languages: Sequence[str]
    """Message languages in order; the first is the primary."""
    allowed_hosts: frozenset[str] | None
    """``host:port`` the transport may reach; ``None`` for anywhere. An exercise gets the sandbox's alone."""
    twilio_account_sid: str = field(default="", repr=False)
    twilio_auth_tokens: Sequence[str] = field(default=(), repr=False)
    """The first signs requests; every one of them is accepted on callbacks, so that tokens can be rotated."""
    twilio_second_account_sid: str = field(default="", repr=False)
    twilio_second_auth_token: str = field(default="", repr=False)
    """Another account at Twilio, for the standby; its token too is accepted on callbacks."""
    x_consumer_key: str = field(default="", repr=False)
    x_consumer_secret: str = field(default="", repr=False)
    facebook_app_id: str = ""
    facebook_app_secret: str = field(default="", repr=False)
    facebook_verify_token: str = field(default="", repr=False)
    sms_concurrency: int = 100
    sms_max_segments: int = 4
    sms_settle_seconds: float = 60.0
    call_seconds: float = 8.0
    crisis_page_url: str = ""
    """Where the public reads the crisis page, ending in a slash; empty when nobody has said."""
    second_public_dir: Path | None = None
    """Another folder the crisis page is copied to, on another machine."""
    imprint: Imprint = Imprint()
    feeds_url: str = ""
    """Where an exercise's feeds are, each below it by its account's id; empty where each account's own is read."""
