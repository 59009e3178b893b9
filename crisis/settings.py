"""Every setting, with what it is for. Read from the environment (``CRISIS_...``), from files, and from the home folder.

Order, first found wins: the environment; one file per setting under ``CRISIS_SECRETS_DIR`` (Docker and Kubernetes secrets);
``<home>/run/services.json``, where a running ``crisis up`` says where its database and broker are; ``<home>/keys.json``,
the keys that the first ``crisis up`` made. Production sets the environment or files and has no such home.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from crisis.mode import Mode
from crisis.setting_sources import Files, Home
from crisis.setting_words import LOOPBACK, MailTls, mail_fault

KEY_BYTES = 32
_ADDRESS = r"^(https?://[^\s\"'<>]+)?$"
PROMISE_WARNING_SECONDS = 600.0
"""Ten minutes: time to write a message in, and to have it approved."""
PACKAGE = Path(__file__).resolve().parent
SECRETS = (
    "numbers_key",
    "credentials_key",
    "twilio_account_sid",
    "twilio_auth_token",
    "twilio_auth_token_next",
    "twilio_second_account_sid",
    "twilio_second_auth_token",
    "x_consumer_key",
    "x_consumer_secret",
    "facebook_app_secret",
    "facebook_verify_token",
    "oidc_client_secret",
    "smtp_password",
)
"""What an exercise worker must never hold: provider secrets and the keys that open sealed rows."""


def data_dir(name: str) -> Path:
    """``templates`` or ``playbooks``: beside the package in a checkout, inside it in an installed wheel."""
    shipped = PACKAGE / "_data" / name
    return shipped if shipped.is_dir() else PACKAGE.parent / name


def browser_dir() -> Path:
    """What npm fetched for the browser: inside an installed wheel, or ``node_modules`` of a checkout."""
    shipped = PACKAGE / "_data" / "browser"
    return shipped if shipped.is_dir() else PACKAGE.parent / "node_modules"


class TwoPeople(StrEnum):
    """Whether a second person must release a crisis message that one wrote. See :mod:`crisis.messages.release`."""

    OFF = "off"
    ON = "on"
    OVERRIDE = "override"


class Settings(BaseSettings):
    """One municipality's installation."""

    model_config = SettingsConfigDict(env_prefix="CRISIS_", env_file=None, extra="ignore", frozen=True)

    # Where things are
    home: Path = Path("var")
    database_url: SecretStr | None = None  # postgresql://user:password@host:port/name
    redis_url: SecretStr | None = None  # redis://:password@host:port/0
    templates_dir: Path = Field(default_factory=lambda: data_dir("templates"))
    playbooks_dir: Path = Field(default_factory=lambda: data_dir("playbooks"))
    browser_dir: Path = Field(default_factory=browser_dir)
    public_dir: Path | None = None  # the crisis page's files; <home>/public when unset
    second_public_dir: Path | None = None  # where the crisis page's files are copied to: a mount of another machine
    exercise_public_dir: Path | None = None  # an exercise's crisis page; <home>/exercise/public when unset
    public_url: str = "http://127.0.0.1:8000"  # where providers reach our callbacks
    crisis_page_url: str | None = None  # where the public reads the page: https://krise.../; looked at from outside

    # Who we are
    municipality: str = "Fjordvik kommune"
    crisis_page_host: str = "krise.fjordvik.kommune.no"  # what short messages end with: a bare host name
    editors_unit: str = "nettredaksjonen"  # the unit whose accounts carry crisis messages
    editors_contact: str = ""  # whom a locked unit calls: a telephone number, with a name if you like
    languages: Annotated[tuple[str, ...], NoDecode] = ("nb", "nn", "en")  # "nb,nn,en": message languages, primary first
    phone_region: str = "NO"  # how numbers without a country code are read

    # What the crisis page says beside the messages; an empty one leaves its line out
    municipality_phone: str = ""  # the switchboard's
    municipality_number: str = Field(default="", pattern=r"^([0-9]{4})?$")  # kommunenummer
    accessibility_url: str = Field(default="", pattern=_ADDRESS)  # the statement at uustatus.no
    privacy_url: str = Field(default="", pattern=_ADDRESS)
    preparedness_url: str = Field(default="https://www.sikkerhverdag.no/", pattern=_ADDRESS)
    radio: str = "NRK P1"  # the station that sends what people must know

    # Who releases a crisis message
    two_people: TwoPeople = (
        TwoPeople.OFF
    )  # off; on: nobody releases what they wrote; override: alone after a while, on record
    alone_after_minutes: float = Field(default=5.0, ge=0, le=120)  # for override: since it was sent for approval

    # This process
    worker_mode: Mode = Mode.EXERCISE  # what a worker serves; never said means exercise
    log_level: str = "INFO"
    standby_of: int | None = None  # set by a worker for the standby it starts: its own process id

    # Providers. Addresses may point at a proxy or a stand-in.
    graph_url: str = "https://graph.facebook.com"
    graph_version: str = "v26.0"
    x_url: str = "https://api.x.com"
    twilio_url: str = "https://api.twilio.com"
    sandbox_url: str | None = None  # where the sandbox listens; exercises need it
    twilio_account_sid: SecretStr | None = None
    twilio_auth_token: SecretStr | None = None
    twilio_auth_token_next: SecretStr | None = None  # accepted on callbacks too, while tokens are being rotated
    twilio_second_account_sid: SecretStr | None = None  # another account at Twilio, for a standby's sender
    twilio_second_auth_token: SecretStr | None = None
    x_consumer_key: SecretStr | None = None
    x_consumer_secret: SecretStr | None = None
    facebook_app_id: str = ""
    facebook_app_secret: SecretStr | None = None
    facebook_verify_token: SecretStr | None = None

    # E-mail to those who answer for the accounts. Without a mail server they are told by text message alone.
    smtp_host: str = Field(default="", pattern=r"^[A-Za-z0-9.:\[\]-]*$")
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_tls: MailTls = MailTls.STARTTLS
    smtp_user: str = ""
    smtp_password: SecretStr | None = None
    mail_from: str = Field(default="", pattern=r"^([^\s@<>\"]+@[^\s@<>\"]+)?$")  # krise@fjordvik.kommune.no

    # Telling those who answer for the accounts
    remind_minutes: float = Field(default=15.0, gt=0, le=1440)  # to whoever has not answered since they were told
    escalate_minutes: float = Field(default=30.0, gt=0, le=1440)  # the same, to the deputy

    # Signing in. With an issuer named, the identity provider is one of the ways in; the others stay.
    oidc_issuer: str = Field(default="", pattern=_ADDRESS)  # https://login.microsoftonline.com/<tenant>/v2.0
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr | None = None
    oidc_role_claim: str = "roles"  # the claim that says what somebody may do; "resource.roles" is one inside another
    # "group=director,other=unit:biblioteket": the first that somebody has counts; whoever has none stays outside
    oidc_roles: Annotated[Mapping[str, str], NoDecode] = Field(default_factory=dict)
    demo: bool = False  # set by `crisis up --demo` alone: a page to enter as any role, on this machine's own address

    # Keys, 32 random bytes each in hex: `python -c "import secrets; print(secrets.token_hex(32))"`
    numbers_key: SecretStr | None = None  # seals phone numbers
    credentials_key: SecretStr | None = None  # seals accounts' credentials
    sandbox_token: SecretStr | None = None  # signs the sandbox's callbacks; worth nothing outside it

    # The engine's knobs
    sms_concurrency: int = Field(default=100, ge=1, le=2000)  # requests in flight per sender
    sms_max_segments: int = Field(default=4, ge=1, le=10)
    sms_part_price: Decimal = Field(
        default=Decimal("0.45"), ge=0, le=100
    )  # NOK for one part: what estimates are made of
    sms_settle_seconds: float = Field(default=60.0, ge=0, le=600)  # before looking up an SMS that may be out
    slice_seconds: float = Field(default=4.0, gt=0, le=300)  # one task sends for this long, then makes room for others
    # "sms=50,twitter=0.1": calls begun in a second through each account of a channel, of all processes together. None is set
    # here: X and Meta say in their answers how much is left, and that is heeded; what Twilio allows a sender is by agreement.
    # An account's own limit (`crisis accounts limit`) goes before it.
    ceilings: Annotated[Mapping[str, float], NoDecode] = Field(default_factory=dict)
    sms_batch: int = Field(default=500, ge=1, le=5000)  # rows claimed at a time
    senders_per_host: int = Field(default=1, ge=1, le=64)  # processes on one host that fan out SMS at once
    call_seconds: float = Field(default=8.0, gt=0, le=60)  # hard limit of one provider call
    drain_seconds: float = Field(default=10.0, gt=0, le=120)  # then the holder of an open permit is killed
    lease_seconds: float = Field(default=30.0, gt=1, le=600)
    validity_seconds: int = Field(default=6 * 3600, ge=60)  # a crisis delivery is dead after this
    sweep_seconds: float = Field(default=2.0, gt=0, le=60)
    promise_warning_seconds: float = Field(
        default=PROMISE_WARNING_SECONDS, ge=0, le=86400
    )  # before a promised update is due

    stall_seconds: float = Field(default=15.0, gt=0, le=600)  # a browser that sends no more of a form is given up on
    keep_unlisted_days: int = Field(default=30, ge=1)  # then recipients who are on no list are erased

    # Caps on what may be read in
    csv_max_bytes: int = 1 << 30  # there must be room for one in TMPDIR of the API
    csv_max_rows: int = 10_000_000
    csv_max_line: int = 4096  # bytes

    @model_validator(mode="before")
    @classmethod
    def _forget_what_is_no_mode(cls, given: Any) -> Any:
        """A mode that there is none of is as good as none said: an exercise, and whoever serves it raises an alarm."""
        if isinstance(given, dict) and "worker_mode" in given and given["worker_mode"] not in {*Mode}:
            return {name: value for name, value in given.items() if name != "worker_mode"}
        return given

    @field_validator("languages", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("ceilings", mode="before")
    @classmethod
    def _read_ceilings(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        found: dict[str, float] = {}
        for part in value.split(",") if value.strip() else ():
            channel, _, said = (each.strip() for each in part.partition("="))
            try:
                rate = float(said)
            except ValueError:
                rate = math.nan
            if not channel or channel in found or not math.isfinite(rate):
                message = "write each channel once, with a number of calls a second, like sms=50,twitter=0.1"
                raise ValueError(message)
            found[channel] = rate
        return found

    @field_validator("oidc_roles", mode="before")
    @classmethod
    def _read_roles(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        found: dict[str, str] = {}
        for part in value.split(",") if value.strip() else ():
            group, _, role = (each.strip() for each in part.rpartition("="))
            if not group or not role or group in found:
                message = (
                    "write each group once, with its role, like crisis-directors=director,library=unit:biblioteket"
                )
                raise ValueError(message)
            found[group] = role
        return found

    @field_validator("numbers_key", "credentials_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        try:
            held = bytes.fromhex(value.get_secret_value())
        except ValueError:
            held = b""
        if len(held) != KEY_BYTES:
            message = "must be 32 bytes in hex (64 characters 0-9 a-f)"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _stays_in_its_place(self) -> Self:
        if self.demo and not _is_loopback(self.public_url):
            message = (
                "demo lets anybody in as anybody: it works on this machine's own address alone (CRISIS_PUBLIC_URL)"
            )
            raise ValueError(message)
        if self.oidc_issuer and not (self.oidc_issuer.startswith("https://") or _is_loopback(self.oidc_issuer)):
            message = "the identity provider (CRISIS_OIDC_ISSUER) must be reached by https"
            raise ValueError(message)
        if fault := mail_fault(self.smtp_host, self.mail_from, self.smtp_tls):
            raise ValueError(fault)
        if self.oidc_issuer and not (self.oidc_client_id and self.oidc_roles):
            message = "an identity provider needs CRISIS_OIDC_CLIENT_ID and CRISIS_OIDC_ROLES too"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _make_absolute(self) -> Self:
        object.__setattr__(self, "home", self.home.expanduser().absolute())
        return self

    @property
    def crisis_page_dir(self) -> Path:
        """Where the public crisis page is written."""
        return (self.public_dir or self.home / "public").absolute()

    @property
    def exercise_page_dir(self) -> Path:
        """Where an exercise's crisis page is written: never under the public folder."""
        return (self.exercise_public_dir or self.home / "exercise" / "public").absolute()

    @property
    def is_mode_said(self) -> bool:
        """Whether this process was told which mode it serves, in a word that there is."""
        return "worker_mode" in self.model_fields_set

    def without_secrets(self) -> "Settings":
        """A copy that holds no provider secret and no key: what an exercise worker runs on."""
        return self.model_copy(update=dict.fromkeys(SECRETS))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings, Files(settings_cls), Home(settings_cls))


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in LOOPBACK
