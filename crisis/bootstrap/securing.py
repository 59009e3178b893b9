"""Securing: what sees to all that an activation asks for behind the gate."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from adapters import feed_watch_of
from crisis.bootstrap.doors import renderer_of
from crisis.bootstrap.openers import openers_for
from crisis.bootstrap.outlets import capabilities_of, channels_for
from crisis.bootstrap.setups import mail_for, setup_for
from crisis.channels import Channel
from crisis.db import Database
from crisis.deliveries.book import Openers
from crisis.levers.duty import Levers
from crisis.locks.securer import Duty, Securer
from crisis.mode import Mode
from crisis.settings import Settings

if TYPE_CHECKING:
    from crisis.notifications.duty import Notifications


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


def _on_one_sandbox(settings: Settings) -> frozenset[Mode]:
    """The modes whose posts end up in the same places: both in a demo, whose providers are the sandbox, and else none."""
    if not settings.sandbox_url:
        return frozenset()
    actual, exercise = (setup_for(mode, settings).graph_url for mode in (Mode.ACTUAL, Mode.EXERCISE))
    return frozenset(Mode) if actual.rstrip("/") == exercise.rstrip("/") else frozenset()
