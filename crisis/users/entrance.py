"""The entrance: from a login and a password, and then a one-time code; or from a passkey; to a session.

Every refusal is the same sentence and takes the same time, whether the login exists, is disabled, has no password or has
another one. What failed is counted before anything is looked at (``attempts``).
"""

import logging
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Invalid
from crisis.sealing import Sealer
from crisis.users import attempts, ceremonies, devices, passkeys, service, sessions, totp
from crisis.users.attempts import Purse, TooSoon, Under
from crisis.users.models import How, Rite, User
from crisis.users.passkeys import Place
from crisis.users.passwords import Passwords
from crisis.users.sessions import SignedIn

log = logging.getLogger(__name__)

_WRONG_CODE = "The code is not right, or it was used already. Wait for the next one and type that."


class SignInRefused(Invalid):
    """Login and password do not belong together, or the code is not right. Which, is not said."""

    def __init__(self, summary: str = "Login and password do not belong together. Nobody was signed in.") -> None:
        super().__init__(summary)


class WrongCode(SignInRefused):
    """The code is not right, or was used already. ``again`` is what the browser comes back with for the next try."""

    def __init__(self, again: str) -> None:
        super().__init__(_WRONG_CODE)
        self.again = again


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser says about itself, where it is, and its secret as a known device, if it has one."""

    agent: str
    address: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody is signed in: the secrets for their cookies."""

    session: str
    device: str


class Entrance:
    """Where people of ours sign in."""

    def __init__(self, db: Database, credentials: Sealer, passwords: Passwords, place: Place | None) -> None:
        self.passwords = passwords
        self.place: Final = place
        """What passkeys are for; None where there are none."""
        self._db, self._credentials = db, credentials

    async def by_password(self, login: str, password: str, browser: Browser) -> str:
        """The first half; returns the browser's secret for the second. Raises :class:`SignInRefused`, :class:`TooSoon`."""
        async with self._db.transaction() as session:
            user = await service.find_by_login(session, login)
            known = await devices.is_known(session, user.id if user else None, browser.device)
            purses = _purses(login, browser, known=known)
            await attempts.spend(session, *purses)
        kept = user.password if user is not None and user.disabled_at is None and user.totp is not None else None
        if not await self.passwords.verify(kept, password) or user is None or kept is None:
            await self._note_failure(user, "password")
            raise SignInRefused
        renewed = await self.passwords.hash(password) if self.passwords.is_outdated(kept) else None
        async with self._db.transaction() as session:
            await attempts.give_back(session, *purses)
            if renewed is not None:
                row = await service.get(session, user.id, lock=True)
                row.password = renewed if row.password == kept else row.password
            return await ceremonies.begin(session, Rite.CODE, user.id)

    async def by_code(self, begun: str, code: str, browser: Browser) -> Entered:
        """The second half. Raises :class:`WrongCode` with the secret to try again with, :class:`TooSoon` (the sign-in stays
        begun), and :class:`crisis.users.ceremonies.CeremonyOver`.
        """
        async with self._db.transaction() as session:
            held = await ceremonies.take(session, Rite.CODE, begun)
            user = await service.get(session, held.user_id or 0)
            again = await ceremonies.begin(session, Rite.CODE, user.id)
            known = await devices.is_known(session, user.id, browser.device)
        purse = Purse(Under.DEVICE, browser.device) if known else Purse(Under.CODE, str(user.id))
        try:
            async with self._db.transaction() as session:
                await attempts.spend(session, purse)
        except TooSoon as soon:
            soon.again = again
            raise
        async with self._db.transaction() as session:
            if user.disabled_at is None and await totp.take(session, self._credentials, user, code):
                await ceremonies.take(session, Rite.CODE, again)
                await attempts.give_back(session, purse)
                return await _enter(session, user, How.PASSWORD, browser, known=known)
        await self._note_failure(user, "code")
        raise WrongCode(again)

    async def by_passkey(self, begun: str, credential: str, browser: Browser) -> Entered:
        """Both halves at once. Raises :class:`crisis.users.passkeys.PasskeyRefused` and :class:`CeremonyOver`."""
        async with self._db.transaction() as session:
            user = await passkeys.accept(session, self._the_place(), begun, credential)
            known = await devices.is_known(session, user.id, browser.device)
            return await _enter(session, user, How.PASSKEY, browser, known=known)

    async def enrolled(self, user: User, how: How, browser: Browser) -> Entered:
        """In, straight from having chosen how to sign in: that showed the factor."""
        async with self._db.transaction() as session:
            return await _enter(session, user, how, browser, known=False)

    async def confirm_by_code(self, signed_in: SignedIn, code: str) -> str:
        """A fresh factor of somebody who is signed in; returns the session's new secret. Raises :class:`SignInRefused`."""
        purse = Purse(Under.CODE, f"session:{signed_in.session_id}")
        async with self._db.transaction() as session:
            user = await service.get(session, signed_in.user_id or 0)
            await attempts.spend(session, purse)
        async with self._db.transaction() as session:
            taken = await totp.take(session, self._credentials, user, code)
            if taken:
                await attempts.give_back(session, purse)
        if not taken:
            raise SignInRefused(_WRONG_CODE)
        return await sessions.renew(self._db, signed_in)

    async def confirm_by_passkey(self, signed_in: SignedIn, begun: str, credential: str) -> str:
        """The same by a passkey of one's own. Raises :class:`crisis.users.passkeys.PasskeyRefused`."""
        async with self._db.transaction() as session:
            user = await passkeys.accept(session, self._the_place(), begun, credential)
            if user.id != signed_in.user_id:
                raise passkeys.PasskeyRefused
        return await sessions.renew(self._db, signed_in)

    def _the_place(self) -> Place:
        if self.place is None:
            raise passkeys.PasskeyRefused
        return self.place

    async def _note_failure(self, user: User | None, what: str) -> None:
        """On record where it concerns somebody; what a stranger typed is kept nowhere, since it may be a password."""
        if user is None:
            log.warning("a sign-in failed under a login that nobody has")
            return
        async with self._db.transaction() as session:
            await chain.append(session, None, "sign_in_failed", f"user:{user.id}", what=what)


async def _enter(session: AsyncSession, user: User, how: How, browser: Browser, *, known: bool) -> Entered:
    device = browser.device if known else await devices.remember(session, user.id)
    secret = await sessions.begin_in(session, user, how, agent=browser.agent, address=browser.address)
    return Entered(secret, device)


def _purses(login: str, browser: Browser, *, known: bool) -> tuple[Purse, ...]:
    if known:
        return (Purse(Under.DEVICE, browser.device),)
    return (Purse(Under.LOGIN, login.strip().casefold()), Purse(Under.ADDRESS, browser.address))
