"""One function per noun: a test builds what it names, through the product's own acts where it has them."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from crisis import clock
from crisis.accounts.models import Account
from crisis.activations.models import Activation
from crisis.activations.service import activate
from crisis.audiences.models import Audience
from crisis.bootstrap import Crisis
from crisis.db import Database
from crisis.messages import drafts
from crisis.messages.models import Kind, Revision
from crisis.messages.outcome import Approved
from crisis.mode import Mode
from crisis.roles import Actor, Role

EDITORS = "nettredaksjonen"
OPERATOR = Actor("vakt", Role.OPERATOR)
DIRECTOR = Actor("Kommunedirektøren", Role.DIRECTOR)
EDITOR = Actor("Nettredaksjonen", Role.EDITOR, EDITORS)

LANGUAGES = ("nb", "nn", "en")
"""What an installation writes in unless its settings say otherwise."""
SLIDE: Mapping[str, Any] = {
    "nb": {
        "headline": "Skred ved Moen: Gå ut av området nå",
        "what_happened": "Det har gått et kvikkleireskred ved Moen. Det er fare for flere skred.",
        "where": "Moen og Elvesletta",
        "what_to_do": ["Gå ut av området.", "Møt på Fjordhallen.", "Ring 112 hvis noen er i livsfare."],
        "leads": "Politiet",
        "contact": "Sentralbordet 74 00 00 00",
    }
}
X_USER = "5678"
"""X knows its users by number, and nothing can be looked up without."""
CREDENTIALS = {
    "page_token": "page-token-of-a-test",
    "access_token": "access-token-of-a-test",
    "access_token_secret": "access-token-secret-of-a-test",
    "username": "crisis",
    "application_password": "application-password-of-a-test",
}


async def account(crisis: Crisis, channel: str, *, unit: str = EDITORS, name: str = "", address: str = "") -> int:
    """A connected account; its id."""
    address = address or (X_USER if channel == "twitter" else f"{channel}-address")
    async with crisis.db.transaction() as session:
        row = Account(channel=channel, name=name or f"{unit} {channel}", unit=unit, address=address)
        session.add(row)
        await session.flush()
        row.credentials = crisis.credentials.seal(json.dumps(CREDENTIALS), f"account:{row.id}".encode())
    return row.id


async def audience(crisis: Crisis, count: int, name: str = "alle") -> int:
    """An audience of ``count`` made-up numbers (+47 400 00 000 and on); its id."""
    async with crisis.db.transaction() as session:
        row = Audience(name=name)
        session.add(row)
        await session.flush()
        numbers = [f"+474{number:07d}" for number in range(count)]
        fingerprints = [crisis.numbers.fingerprint(number) for number in numbers]
        sealed = [crisis.numbers.seal(n, f) for n, f in zip(numbers, fingerprints, strict=True)]
        await session.execute(
            text(
                """
                WITH people AS (
                    INSERT INTO recipients (number, fingerprint, last_two)
                    SELECT * FROM unnest(CAST(:sealed AS bytea[]), CAST(:fingerprints AS bytea[]), CAST(:ends AS text[]))
                    ON CONFLICT (fingerprint) DO UPDATE SET last_two = excluded.last_two RETURNING id)
                INSERT INTO memberships (audience_id, recipient_id) SELECT :audience, id FROM people
                """
            ),
            {
                "sealed": sealed,
                "fingerprints": fingerprints,
                "ends": [number[-2:] for number in numbers],
                "audience": row.id,
            },
        )
    return row.id


async def activation(db: Database, mode: Mode = Mode.ACTUAL, title: str = "Kvikkleireskred ved Moen") -> Activation:
    """An activation in force."""
    return (await activate(db, DIRECTOR, mode, title)).activation


async def alert(
    crisis: Crisis, activation_id: int, *, audience_id: int | None = None, contents: Mapping[str, Any] = SLIDE
) -> Revision:
    """The draft of an alert."""
    return await drafts.write(
        crisis.db,
        EDITOR,
        activation_id,
        Kind.ALERT,
        contents,
        crisis.settings.languages,
        next_update_at=clock.now() + timedelta(hours=1),
        audience_id=audience_id,
    )


async def approved_alert(crisis: Crisis, activation_id: int, *, audience_id: int | None = None) -> Approved:
    """An alert on its way out."""
    return await crisis.desk.approve(EDITOR, (await alert(crisis, activation_id, audience_id=audience_id)).id)


async def approved_follow_up(
    crisis: Crisis, activation_id: int, message_id: int, kind: Kind = Kind.UPDATE, *, audience_id: int | None = None
) -> Approved:
    """What follows an alert, on its way out."""
    draft = await drafts.write(
        *(crisis.db, EDITOR, activation_id, kind, SLIDE, crisis.settings.languages),
        message_id=message_id,
        next_update_at=clock.now() + timedelta(hours=1),
        audience_id=audience_id,
    )
    return await crisis.desk.approve(EDITOR, draft.id)
