"""What an administrator says of an account beside its connection: how its lever is reached, where it can be watched, and whether
anybody else can publish there at all.
"""

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from crisis.accounts.models import Account
from crisis.accounts.service import TEXT_MOST, check_active, hold_account
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Invalid
from crisis.roles import Act, Actor, require
from crisis.said import Said
from crisis.sealing import Sealer


async def administer_account(
    db: Database, actor: Actor, account_id: int, *, credentials: Mapping[str, str], sealer: Sealer
) -> Account:
    """Say with what the account's lever is pulled: credentials of an administrator at the platform, apart from those that publish.

    They are sealed, and replace what was said before; ``{}`` takes them away, and then the account has no lever. The adapter's
    ``admin_credentials`` names the keys. The log names the keys, never the values.

    Raises :class:`NotFound`, and :class:`Conflict` for a closed account.
    """
    require(actor, Act.MANAGE_ACCOUNTS)
    sealed = None
    if credentials:
        sealed = sealer.seal(json.dumps(dict(credentials), sort_keys=True), f"account:{account_id}:admin".encode())
    async with db.transaction() as session:
        account = await hold_account(session, account_id)
        check_active(account)
        account.admin_credentials = sealed
        subject = f"account:{account_id}"
        await chain.append(session, actor, "administer_account", subject, credentials=sorted(credentials))
    return account


async def set_watching(
    db: Database, actor: Actor, account_id: int, *, feed_url: str | None, only_here: bool
) -> Account:
    """Say where there is a feed (Atom or RSS) of what is published on the account, if there is one, and whether nobody can publish
    there but through this service. Replaces what was said before.

    Raises :class:`NotFound`, :class:`Invalid` for an address that is not one, and :class:`Conflict` for a closed account.
    """
    require(actor, Act.MANAGE_ACCOUNTS)
    feed_url = checked_feed(feed_url)
    async with db.transaction() as session:
        account = await hold_account(session, account_id)
        check_active(account)
        account.feed_url, account.only_here = feed_url, only_here
        subject = f"account:{account_id}"
        await chain.append(session, actor, "set_watching", subject, feed_url=feed_url, only_here=only_here)
    return account


def checked_feed(given: str | None) -> str | None:
    """A feed's address without spaces around it; ``None`` where nothing was said. Raises :class:`Invalid`."""
    address = (given or "").strip()
    if not address:
        return None
    try:
        parts = urlsplit(address)
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one or not address.isprintable() or " " in address or len(address) > TEXT_MOST:
        raise Invalid(Said("A feed's address begins with https:// or http://, and has no spaces. Nothing was changed."))
    if "@" in parts.netloc:
        raise Invalid(Said("The address holds a user name or a password. A feed is read as anybody reads it."))
    return address
