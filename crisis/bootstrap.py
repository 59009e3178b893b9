"""The composition root: the one place that chooses implementations, and the only file in ``crisis`` that knows adapters.

``channels_for(mode)`` is the first wall around exercises: what it builds for an exercise knows no address but the sandbox's.
The second is the transport inside those channels, which refuses every other host, whatever address it is given.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from adapters import CHANNELS, feed_watch_of, load, mail_of
from crisis.accounts.models import Account
from crisis.channel_access import Lever
from crisis.channel_mail import Mail, Mailbox, MailServer, MailSetup
from crisis.channel_set import ChannelSet
from crisis.channel_watch import Watch
from crisis.channels import AccountRef, Capabilities, Channel, ChannelSetup, Imprint, Unsupported
from crisis.db import Bell, Database, no_bell
from crisis.deliveries.book import Openers
from crisis.deliveries.checks import Outside
from crisis.deliveries.engine import Engine
from crisis.deliveries.pace import Pace
from crisis.errors import Invalid, Unready
from crisis.lanes import Lane
from crisis.levers.duty import Levers
from crisis.limits.pace import Ceiling
from crisis.limits.ranges import out_of_range
from crisis.locks.securer import Duty, Securer
from crisis.mode import Mode
from crisis.sealing import Sealer
from crisis.settings import Settings

if TYPE_CHECKING:
    from crisis.messages.desk import Desk
    from crisis.messages.library import Library
    from crisis.messages.render import Renderer
    from crisis.notifications.duty import Notifications
    from crisis.playbooks.known import Known
    from crisis.playbooks.shelf import Shelf
    from crisis.pointers.service import Pointers
    from crisis.posts.service import Posts

SENDER_IDLE_SECONDS = 5.0
"""How long a sender may leave a transaction alone. Its transactions are a few statements each and wait for nobody."""
SANDBOX_SID = "ACsandbox00000000000000000000000000"
STAND_IN_CREDENTIALS = {
    "page_token": "sandbox",
    "access_token": "sandbox",
    "access_token_secret": "sandbox",
    "username": "sandbox",
    "application_password": "sandbox",
    "admin_username": "admin",
    "admin_application_password": "sandbox",
    "publisher": "sandbox",
    "business_id": "1",
    "admin_token": "sandbox",
    "tool_key": "sandbox-tool",
    "tool_secret": "sandbox",
    "tool_token": "sandbox",
    "tool_token_secret": "sandbox",
}
"""What an exercise signs in with, at the sandbox, on every channel. Worth nothing anywhere else."""

RARE_LEVERS = frozenset({"sms", "twitter"})
"""Channels where not every account can have a lever: it takes a sub-account, or a tool of the unit's own. In an exercise those
have one that have it in reality, and on the other channels all have.
"""


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
        tokens = (_open(settings.twilio_auth_token), _open(settings.twilio_auth_token_next))
        return replace(
            shared,
            second_public_dir=settings.second_public_dir,
            twilio_account_sid=_open(settings.twilio_account_sid),
            twilio_auth_tokens=tuple(token for token in tokens if token),
            twilio_second_account_sid=_open(settings.twilio_second_account_sid),
            twilio_second_auth_token=_open(settings.twilio_second_auth_token),
            x_consumer_key=_open(settings.x_consumer_key),
            x_consumer_secret=_open(settings.x_consumer_secret),
            facebook_app_id=settings.facebook_app_id,
            facebook_app_secret=_open(settings.facebook_app_secret),
            facebook_verify_token=_open(settings.facebook_verify_token),
        )
    sandbox = sandbox_url(settings)
    token = _open(settings.sandbox_token)
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


def channels_for(mode: Mode, settings: Settings) -> ChannelSet:
    """The channels of a mode. The only place that picks them."""
    return ChannelSet(setup_for(mode, settings), CHANNELS)


def load_channels() -> None:
    """Import what every channel needs now, rather than when it is first used: for a process that forks its senders."""
    load()


def capabilities_of(settings: Settings) -> dict[str, Capabilities]:
    """What each channel can do; the same in both modes."""
    setup = setup_for(Mode.ACTUAL, settings)
    return {name: build(setup).capabilities for name, build in CHANNELS.items()}


def levers_of(settings: Settings) -> dict[str, Sequence[str]]:
    """What the administrator's credentials of an account must have, on each channel that has a lever; the same in both modes."""
    setup = setup_for(Mode.ACTUAL, settings)
    built = {name: build(setup) for name, build in CHANNELS.items()}
    return {name: tuple(channel.admin_credentials) for name, channel in built.items() if isinstance(channel, Lever)}


def openers_for(mode: Mode, settings: Settings) -> Openers:
    """How a mode opens accounts and numbers. An exercise opens nothing: it has stand-ins for both."""
    if mode is Mode.EXERCISE:
        sandbox = sandbox_url(settings)

        def stand_in(account: Account) -> AccountRef:
            address = f"{sandbox}/wp" if (account.address or "").startswith("http") else account.address
            posts_as = {"access_token": f"{account.address}-sandbox"}  # X's tokens say whose they are
            return AccountRef(account.id, account.channel, account.name, address, STAND_IN_CREDENTIALS | posts_as)

        def stand_in_admin(account: Account) -> AccountRef:
            if account.admin_credentials is None and account.channel in RARE_LEVERS:
                raise Unsupported(f"The account {account.name} has no lever, and has none in an exercise either.")
            sub_account = {
                "subaccount_sid": f"AC{account.id:032d}",
                "account_sid": SANDBOX_SID,
                "auth_token": _open(settings.sandbox_token),
            }
            tool = {"tool_token": f"{account.address}-tool"}
            return replace(stand_in(account), credentials=STAND_IN_CREDENTIALS | sub_account | tool)

        return Openers(
            stand_in,
            lambda recipient_id, _sealed, _fingerprint: f"+999{recipient_id:011d}",
            stand_in_admin,
            lambda contact_id, _sealed: f"kontakt-{contact_id}@sandbox.invalid",
        )
    credentials, numbers = sealers_of(settings)

    def account(row: Account) -> AccountRef:
        held = json.loads(credentials.open(row.credentials, f"account:{row.id}".encode())) if row.credentials else {}
        return AccountRef(row.id, row.channel, row.name, row.address, held)

    def admin(row: Account) -> AccountRef:
        if row.admin_credentials is None:
            raise Unsupported(
                f"The account {row.name} has no administrator's credentials. Give them: crisis accounts administer."
            )
        held = json.loads(credentials.open(row.admin_credentials, f"account:{row.id}:admin".encode()))
        return AccountRef(row.id, row.channel, row.name, row.address, held)

    return Openers(
        account,
        lambda _recipient_id, sealed, fingerprint: numbers.open(sealed, fingerprint),
        admin,
        lambda contact_id, sealed: numbers.open(sealed, f"contact:{contact_id}".encode()),
    )


def sealers_of(settings: Settings) -> tuple[Sealer, Sealer]:
    """The sealers of credentials and of numbers."""
    return (
        Sealer(settings.credentials_key, purpose="credentials"),
        Sealer(settings.numbers_key, purpose="numbers"),
    )


def database_of(
    settings: Settings, *, bell: Bell = no_bell, pool_size: int = 10, idle_seconds: float = 60.0
) -> Database:
    """The database. Raises :class:`Unready` without one."""
    if settings.database_url is None:
        raise Unready("There is no database. Start one with `crisis up`, or set CRISIS_DATABASE_URL.")
    url = settings.database_url.get_secret_value()
    return Database(url, bell=bell, pool_size=pool_size, idle_seconds=idle_seconds)


def engine_for(mode: Mode, settings: Settings, db: Database, *, slices: bool = True) -> Engine:
    """The engine of a mode, on this database. ``slices`` off: a lane is sent to its end in one go."""
    held = settings.without_secrets() if mode is Mode.EXERCISE else settings
    shared = {"lease_seconds": held.lease_seconds, "call_seconds": held.call_seconds}
    slice_seconds = held.slice_seconds if slices else None
    paces = {
        Lane.PUBLIC: Pace(concurrency=16, batch=50, **shared),
        Lane.UNIT: Pace(concurrency=8, batch=50, **shared, slice_seconds=slice_seconds),
        Lane.SMS: Pace(held.sms_concurrency, held.sms_batch, **shared, slice_seconds=slice_seconds),
    }
    return Engine(
        db,
        mode,
        channels_for(mode, held),
        openers_for(mode, held),
        paces,
        drain_seconds=held.drain_seconds,
        senders_per_host=held.senders_per_host,
        promise_warning_seconds=held.promise_warning_seconds,
        ceilings=ceilings_of(held),
    )


def watched_of(settings: Settings) -> dict[str, float]:
    """How often an account may be looked at, in seconds: by channel whose platform shows what is there, and for feeds."""
    from crisis.watch.coverage import FEED  # noqa: PLC0415 - a sender does without it

    setup = setup_for(Mode.ACTUAL, settings)
    built = {name: build(setup) for name, build in CHANNELS.items()}
    watched = {name: channel.watch_seconds for name, channel in built.items() if isinstance(channel, Watch)}
    return watched | {FEED: feed_watch_of(setup).watch_seconds}


def securer_for(
    mode: Mode,
    settings: Settings,
    db: Database,
    *,
    channels: Mapping[str, Channel] | None = None,
    openers: Openers | None = None,
) -> Securer:
    """What an activation of this mode asks for behind the gate. ``channels`` and ``openers``: those of the engine in the same
    process.
    """
    from crisis.schedules.copies import Copies  # noqa: PLC0415 - a sender does without these
    from crisis.schedules.duty import ScheduleDuty  # noqa: PLC0415
    from crisis.watch.duty import WatchDuty  # noqa: PLC0415

    held = settings.without_secrets() if mode is Mode.EXERCISE else settings
    reached = channels_for(mode, held) if channels is None else channels
    openers = openers_for(mode, held) if openers is None else openers
    duties: list[Duty] = [
        WatchDuty(
            *(db, mode, reached, openers.account),
            feed=feed_watch_of(setup_for(mode, held)),
            beside=_on_one_sandbox(settings) - {mode},
        ),
        ScheduleDuty(db, mode, reached, openers, Copies(reached, lambda: renderer_of(held), held.languages[0])),
        Levers(db, mode, reached, openers.admin, editors_unit=held.editors_unit, lease_seconds=held.lease_seconds),
        notifications_of(mode, held, db),
    ]
    return Securer(duties)


def notifications_of(mode: Mode, settings: Settings, db: Database) -> "Notifications":
    """What tells people of a mode's activations. An exercise's letters go to the sandbox, whatever mail server is set."""
    from crisis.messages.rendered import CHANNEL_NAMES  # noqa: PLC0415 - a sender does without these
    from crisis.notifications.due import Terms  # noqa: PLC0415
    from crisis.notifications.duty import Notifications  # noqa: PLC0415
    from crisis.notifications.mailer import Mailer  # noqa: PLC0415
    from crisis.notifications.texts import Texts  # noqa: PLC0415
    from crisis.notifications.writer import Writer  # noqa: PLC0415

    terms = Terms(
        editors_unit=settings.editors_unit,
        editors_contact=settings.editors_contact,
        public_url=settings.public_url,
        primary=settings.languages[0],
        remind_after=timedelta(minutes=settings.remind_minutes),
        escalate_after=timedelta(minutes=settings.escalate_minutes),
        worth=timedelta(seconds=settings.validity_seconds),
    )
    writer = Writer(Texts.load(settings.templates_dir, settings.municipality), terms, CHANNEL_NAMES)
    way, mailer = mail_for(mode, settings), None
    if way is not None:
        opened = openers_for(mode, settings).email
        mailer = Mailer(db, mode, way, opened, call_seconds=settings.call_seconds, worth=terms.worth)
    return Notifications(db, mode, writer, terms, capabilities_of(settings), mailer)


def mail_for(mode: Mode, settings: Settings) -> Mail | None:
    """How e-mail of a mode leaves: an exercise's to the sandbox alone. ``None`` where no mail server is set."""
    if mode is Mode.EXERCISE:
        return mail_of(MailSetup(Mailbox(sandbox_url(settings), _open(settings.sandbox_token)), settings.call_seconds))
    if not settings.smtp_host:
        return None
    server = MailServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_tls,
        settings.smtp_user,
        _open(settings.smtp_password),
        settings.mail_from,
        settings.municipality,
    )
    return mail_of(MailSetup(server, settings.call_seconds))


def _on_one_sandbox(settings: Settings) -> frozenset[Mode]:
    """The modes whose posts end up in the same places: both in a demo, whose providers are the sandbox, and else none."""
    if not settings.sandbox_url:
        return frozenset()
    actual, exercise = (setup_for(mode, settings).graph_url for mode in (Mode.ACTUAL, Mode.EXERCISE))
    return frozenset(Mode) if actual.rstrip("/") == exercise.rstrip("/") else frozenset()


def ceilings_of(settings: Settings) -> dict[str, Ceiling]:
    """How fast each channel's accounts may go, for those that have no limit of their own. The same in both modes.

    Raises :class:`Invalid` for a channel that there is none of, and for a rate that none may have.
    """
    known = ", ".join(sorted(CHANNELS))
    problems = [
        f"{channel}: there is no such channel. These there are: {known}."
        for channel in settings.ceilings
        if channel not in CHANNELS
    ]
    for channel, rate in settings.ceilings.items():
        problems += [f"{channel}: {problem}" for problem in out_of_range(None, rate)]
    if problems:
        raise Invalid("CRISIS_CEILINGS cannot be used:", problems)
    return {channel: Ceiling(per_second=rate) for channel, rate in settings.ceilings.items()}


def outside_of(settings: Settings) -> Outside:
    """How a person's check reaches the providers from a door: each mode's own channels, and for an exercise no secret."""

    def outside(mode: Mode) -> tuple[ChannelSet, Openers]:
        held = settings.without_secrets() if mode is Mode.EXERCISE else settings
        return channels_for(mode, held), openers_for(mode, held)

    return outside


@dataclass(frozen=True, slots=True)
class Crisis:
    """What the doors (API and command line) act through."""

    settings: Settings
    db: Database
    capabilities: Mapping[str, Capabilities]
    levers: Mapping[str, Sequence[str]]
    """What the administrator's credentials of an account must have, by channel: of those that have a lever."""
    desk: "Desk"
    library: "Library"
    shelf: "Shelf"
    posts: "Posts"
    pointers: "Pointers"
    credentials: Sealer
    numbers: Sealer
    watched: Mapping[str, float]
    """How often an account is looked at for what is not ours, in seconds: by channel that can be, and for feeds."""


def known_of(settings: Settings) -> "Known":
    """What makes messages here, and so what a playbook may name: it takes no database."""
    from crisis.messages.library import Library  # noqa: PLC0415 - a sender does without these
    from crisis.playbooks.known import Known  # noqa: PLC0415

    return Known(Library(settings.templates_dir), renderer_of(settings), capabilities_of(settings))


def renderer_of(settings: Settings) -> "Renderer":
    """What makes a channel's text of what somebody wrote."""
    from crisis.messages.render import Renderer  # noqa: PLC0415 - a sender does without it

    return Renderer(
        settings.templates_dir, municipality=settings.municipality, crisis_page_host=settings.crisis_page_host
    )


def crisis_of(settings: Settings, *, bell: Bell | None = None) -> Crisis:
    """Put it together. ``bell`` defaults to Celery's; without a broker the sweep alone finds the work."""
    # A sender does without these: the texts' rules and Celery are large.
    from crisis.broker import bell_of  # noqa: PLC0415
    from crisis.drills.faults import quiet_bell  # noqa: PLC0415
    from crisis.messages.desk import Desk  # noqa: PLC0415
    from crisis.messages.hints import lexicon  # noqa: PLC0415
    from crisis.messages.hints.service import Checker  # noqa: PLC0415
    from crisis.messages.release import Rule  # noqa: PLC0415
    from crisis.playbooks.shelf import Shelf  # noqa: PLC0415
    from crisis.pointers.service import Pointers  # noqa: PLC0415
    from crisis.posts.service import Posts  # noqa: PLC0415

    if bell is None:
        bell = bell_of(settings) if settings.redis_url is not None else no_bell
    db = database_of(settings, bell=bell)
    db.bell = quiet_bell(db, bell)
    known = known_of(settings)
    capabilities, renderer, library = known.capabilities, known.renderer, known.library
    checker = Checker(
        library,
        lexicon.load(settings.templates_dir),
        renderer.words,
        languages=settings.languages,
        municipality=settings.municipality,
        host=settings.crisis_page_host,
    )
    desk = Desk(
        db,
        renderer,
        capabilities,
        editors_unit=settings.editors_unit,
        languages=settings.languages,
        validity=timedelta(seconds=settings.validity_seconds),
        checker=checker,
        rule=Rule(settings.two_people, timedelta(minutes=settings.alone_after_minutes)),
        part_price=settings.sms_part_price,
    )
    shelf = Shelf(settings.playbooks_dir, known)
    posts = Posts(db, renderer, capabilities, settings.languages[0])
    pointers = Pointers(
        *(db, renderer, capabilities),
        language=settings.languages[0],
        editors_unit=settings.editors_unit,
        rule=desk.rule,
    )
    credentials, numbers = sealers_of(settings)
    return Crisis(
        *(settings, db, capabilities, levers_of(settings), desk, library, shelf, posts, pointers, credentials, numbers),
        watched=watched_of(settings),
    )


def _open(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
