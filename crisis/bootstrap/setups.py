"""Setups: what the adapters of a mode are built from. The first wall around exercises: theirs know no address but the sandbox's."""

from dataclasses import replace
from urllib.parse import urlsplit

from pydantic import SecretStr

from adapters import mail_of
from crisis.channel_mail import Mail, Mailbox, MailServer, MailSetup
from crisis.channels import ChannelSetup, Imprint
from crisis.errors import Unready
from crisis.mode import Mode
from crisis.settings import Settings

SANDBOX_SID = "ACsandbox00000000000000000000000000"


def setup_for(mode: Mode, settings: Settings) -> ChannelSetup:
    """Everything the adapters of a mode are built from."""
    shared = ChannelSetup(
        mode=mode,
        graph_url=settings.graph_url,
        graph_version=settings.graph_version,
        x_url=settings.x_url,
        twilio_url=settings.twilio_url,
        callback_url=f"{settings.public_url.rstrip('/')}/receipts/{mode}",
        public_dir=settings.crisis_page_dir,
        templates_dir=settings.templates_dir,
        municipality=settings.municipality,
        crisis_page_host=settings.crisis_page_host,
        languages=settings.languages,
        allowed_hosts=None,
        sms_concurrency=settings.sms_concurrency,
        sms_max_segments=settings.sms_max_segments,
        sms_settle_seconds=settings.sms_settle_seconds,
        call_seconds=settings.call_seconds,
        crisis_page_url=settings.crisis_page_url or "",
        imprint=Imprint(
            phone=settings.municipality_phone,
            accessibility_url=settings.accessibility_url,
            privacy_url=settings.privacy_url,
            preparedness_url=settings.preparedness_url,
            radio=settings.radio,
            number=settings.municipality_number,
        ),
    )
    if mode is Mode.ACTUAL:
        tokens = (opened(settings.twilio_auth_token), opened(settings.twilio_auth_token_next))
        return replace(
            shared,
            second_public_dir=settings.second_public_dir,
            twilio_account_sid=opened(settings.twilio_account_sid),
            twilio_auth_tokens=tuple(token for token in tokens if token),
            twilio_second_account_sid=opened(settings.twilio_second_account_sid),
            twilio_second_auth_token=opened(settings.twilio_second_auth_token),
            x_consumer_key=opened(settings.x_consumer_key),
            x_consumer_secret=opened(settings.x_consumer_secret),
            facebook_app_id=settings.facebook_app_id,
            facebook_app_secret=opened(settings.facebook_app_secret),
            facebook_verify_token=opened(settings.facebook_verify_token),
        )
    sandbox = sandbox_url(settings)
    token = opened(settings.sandbox_token)
    return replace(
        shared,
        graph_url=f"{sandbox}/graph",
        x_url=f"{sandbox}/x",
        twilio_url=f"{sandbox}/twilio",
        public_dir=settings.exercise_page_dir,
        crisis_page_url=f"{sandbox}/crisis-page/",
        feeds_url=f"{sandbox}/feeds",
        allowed_hosts=frozenset({urlsplit(sandbox).netloc}),
        twilio_account_sid=SANDBOX_SID,
        twilio_auth_tokens=(token,) if token else (),
        x_consumer_key="sandbox",
        x_consumer_secret="sandbox",  # noqa: S106 - a stand-in
    )


def sandbox_url(settings: Settings) -> str:
    """Where the sandbox listens. Raises :class:`Unready` without one: an exercise has nowhere else to go."""
    if not settings.sandbox_url:
        raise Unready(
            "Exercises need the sandbox. Start it with `crisis up` or `crisis sandbox`, and set CRISIS_SANDBOX_URL."
        )
    return settings.sandbox_url.rstrip("/")


def mail_for(mode: Mode, settings: Settings) -> Mail | None:
    """How e-mail of a mode leaves: an exercise's to the sandbox alone. ``None`` where no mail server is set."""
    if mode is Mode.EXERCISE:
        return mail_of(MailSetup(Mailbox(sandbox_url(settings), opened(settings.sandbox_token)), settings.call_seconds))
    if not settings.smtp_host:
        return None
    server = MailServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_tls,
        settings.smtp_user,
        opened(settings.smtp_password),
        settings.mail_from,
        settings.municipality,
    )
    return mail_of(MailSetup(server, settings.call_seconds))


def opened(secret: SecretStr | None) -> str:
    """What is secret, or nothing where it is not set."""
    return secret.get_secret_value() if secret is not None else ""
