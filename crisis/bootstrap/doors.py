"""Doors: what the API and the command line act through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from crisis.bootstrap.engines import database_of
from crisis.bootstrap.openers import sealers_of
from crisis.bootstrap.outlets import capabilities_of, levers_of, watched_of
from crisis.channels import Capabilities
from crisis.db import Bell, Database, no_bell
from crisis.sealing import Sealer
from crisis.settings import Settings

if TYPE_CHECKING:
    from crisis.messages.desk import Desk
    from crisis.messages.library import Library
    from crisis.messages.render import Renderer
    from crisis.playbooks.known import Known
    from crisis.playbooks.shelf import Shelf
    from crisis.pointers.service import Pointers
    from crisis.posts.service import Posts


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
