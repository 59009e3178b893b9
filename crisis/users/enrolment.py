"""Enrolment: the link by which a new person chooses how they will sign in. It opens once, within 24 hours.

They choose a password together with one-time codes, or a passkey; either signs them in. The administrator who made the link
never knows either.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Invalid, NotFound
from crisis.sealing import Sealer
from crisis.users import ceremonies, totp
from crisis.users import secret as secrets
from crisis.users.ceremonies import CeremonyOver
from crisis.users.models import Rite, User
from crisis.users.passwords import Passwords, check_password

VALID: Final = timedelta(hours=24)


class LinkOver(NotFound):
    """The link was used, is too old, or was replaced by a newer one."""

    def __init__(self) -> None:
        super().__init__(
            "enrolment link", "", "It was used, is older than 24 hours, or was replaced. Ask for a new one."
        )


class WrongCode(Invalid):
    """The code does not belong to the QR code that was shown. Nothing was saved."""

    def __init__(self) -> None:
        super().__init__(
            "The code is not right. See that the telephone's clock is, and type the code that stands there now."
        )


def make_link(user: User) -> str:
    """A new link for this person; the one before is worthless. Returns its secret. The caller commits."""
    made = secrets.new()
    user.enrolment, user.enrolment_until = secrets.digest(made), clock.now() + VALID
    return made


def address(public_url: str, secret: str) -> str:
    """The link itself, for whoever passes it on."""
    return f"{public_url.rstrip('/')}/enrol/{secret}"


def spend(user: User) -> None:
    """The link opens nothing any more: it has done its work, or nobody is to come in by it."""
    user.enrolment = user.enrolment_until = None


async def get(session: AsyncSession, secret: str, *, lock: bool = False) -> User:
    """Whose link it is. Raises :class:`LinkOver`."""
    query = select(User).where(User.enrolment == secrets.digest(secret), User.disabled_at.is_(None))
    user = (await session.scalars(query.with_for_update() if lock else query)).one_or_none()
    if user is None or user.enrolment_until is None or user.enrolment_until <= clock.now():
        raise LinkOver
    return user


async def offer_codes(session: AsyncSession, sealer: Sealer, user: User) -> tuple[str, str]:
    """Begin setting up one-time codes: the browser's secret, and the codes' secret to show. Nothing counts yet."""
    shown = totp.new()
    rite = await ceremonies.begin(session, Rite.ADD_TOTP, user.id, totp=totp.seal(sealer, user.id, shown).hex())
    return rite, shown


async def find_offered(session: AsyncSession, sealer: Sealer, user: User, offered: str) -> str | None:
    """The codes' secret of an offer that still holds, to show it once more."""
    held = await ceremonies.look(session, Rite.ADD_TOTP, offered)
    if held is None or held.user_id != user.id:
        return None
    return totp.unseal(sealer, user.id, bytes.fromhex(held.values["totp"]))


async def set_password(
    db: Database,
    passwords: Passwords,
    sealer: Sealer,
    user: User,
    password: str,
    offered: str,
    code: str,
    names: Iterable[str],
) -> None:
    """Password and one-time codes, together: neither is worth anything without the other.

    ``offered`` is the browser's secret of :func:`offer_codes`. Spends an enrolment link if there is one. Raises
    :class:`crisis.users.passwords.PasswordRefused` and :class:`WrongCode`, after which the offer still holds;
    :class:`CeremonyOver`, after which new codes must be offered; and :class:`LinkOver`.
    """
    check_password(password, [*names, user.name, user.login or ""])
    kept = await passwords.hash(password)
    async with db.transaction() as session:
        held = await ceremonies.take(session, Rite.ADD_TOTP, offered)
        if held.user_id != user.id:
            raise CeremonyOver
        row = await session.get(User, user.id, with_for_update=True, populate_existing=True)
        if row is None or row.disabled_at is not None or row.enrolment != user.enrolment:
            raise LinkOver
        row.password, row.totp, row.totp_step = kept, bytes.fromhex(held.values["totp"]), None
        spend(row)
        await session.flush()
        if not await totp.take(session, sealer, row, code):
            raise WrongCode
        await chain.append(session, row.actor, "set_password", f"user:{row.id}")


async def change_password(db: Database, passwords: Passwords, user: User, password: str, names: Iterable[str]) -> None:
    """Another password, for somebody who is signed in and has just shown a factor. The one-time codes stay as they are."""
    check_password(password, [*names, user.name, user.login or ""])
    kept = await passwords.hash(password)
    async with db.transaction() as session:
        row = await session.get(User, user.id, with_for_update=True, populate_existing=True)
        if row is None or row.totp is None:
            raise Invalid("There are no one-time codes for this login yet, and a password is worth nothing without.")
        row.password = kept
        await session.flush()
        await chain.append(session, row.actor, "set_password", f"user:{row.id}")
