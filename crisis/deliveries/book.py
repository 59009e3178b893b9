"""The book of what senders need beside the row: accounts with their credentials opened, and frozen renditions. Cached."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.models import Account, AccountState
from crisis.channels import AccountRef, ChannelError, Misconfigured, Notice, Outgoing, Rejected, Unsupported
from crisis.errors import Unready
from crisis.mode import Mode

AccountOpener = Callable[[Account], AccountRef]
"""Turns a row of the register into what an adapter may see. An exercise's opener gives stand-in credentials only."""

NumberOpener = Callable[[int, bytes, bytes], str]
"""Recipient id, sealed number and fingerprint to the number to send to. An exercise's opener never opens anything."""

_RENDITIONS = text(
    """
    SELECT r.*, v.message_id, v.contents, m.activation_id, a.activated_at
    FROM renditions r LEFT JOIN revisions v ON v.id = r.revision_id LEFT JOIN messages m ON m.id = v.message_id
    LEFT JOIN activations a ON a.id = m.activation_id
    WHERE r.id = ANY(:ids)
    """
)
MOST = 64
"""Renditions kept: the texts of some messages in a few languages."""


EmailOpener = Callable[[int, bytes], str]
"""Contact id and sealed address to the address to write to. An exercise's opener never opens anything."""


def _no_admin(account: Account) -> AccountRef:
    raise Unsupported(f"Nothing opens the administrator's credentials of account {account.id} here.")


def _no_email(contact_id: int, _sealed: bytes) -> str:
    raise Rejected(f"Nothing opens the e-mail address of contact {contact_id} here.")


@dataclass(frozen=True, slots=True)
class Openers:
    """How a mode opens what is sealed."""

    account: AccountOpener
    number: NumberOpener
    admin: AccountOpener = _no_admin
    """With the administrator's credentials, which the lever takes. Raises :class:`Unsupported` for an account that has none."""
    email: EmailOpener = _no_email

    def whole(self, account: Account) -> AccountRef:
        """With the publishing credentials, and beside them the administrator's where there are some: those see, and may change,
        what others have put there.
        """
        ref = self.account(account)
        try:
            admin = self.admin(account)
        except Unsupported:
            return ref
        return replace(ref, credentials={**ref.credentials, **admin.credentials})


@dataclass(frozen=True, slots=True)
class Frozen:
    """A rendition as senders need it: read once, as plain values, since each of a hundred thousand recipients asks for them all."""

    channel: str
    mode: Mode
    kind: str
    language: str
    title: str
    text: str
    html: str | None
    thread: str
    issued_at: datetime
    next_update_at: datetime | None
    notice: Notice | None


class Book:
    """Accounts and renditions by id. Accounts are read again for every run of a sender; renditions never change."""

    def __init__(self, openers: Openers) -> None:
        self.openers = openers
        self._accounts: dict[int, AccountRef | ChannelError] = {}
        self._renditions: OrderedDict[int, Frozen] = OrderedDict()

    def known(self, accounts: set[int], renditions: set[int]) -> Mapping[int, Frozen] | None:
        """These renditions, if they and the accounts are all here; ``None`` where something is still to be fetched."""
        if not (accounts <= self._accounts.keys() and renditions <= self._renditions.keys()):
            return None
        return {wanted: self._renditions[wanted] for wanted in renditions}

    async def fetch(self, session: AsyncSession, accounts: set[int], renditions: set[int]) -> Mapping[int, Frozen]:
        """Read in what is missing, and return these renditions, by id. What was asked for last is kept longest.

        Whoever asked holds what comes back: while one batch waits for the database another may push its renditions out.
        """
        found = {wanted: self._renditions[wanted] for wanted in renditions if wanted in self._renditions}
        if missing := accounts - self._accounts.keys():
            for account in await session.scalars(select(Account).where(Account.id.in_(missing))):
                self._accounts[account.id] = self._opened(account)
        if missing := renditions - found.keys():
            found |= {row.id: _frozen(row) for row in await session.execute(_RENDITIONS, {"ids": list(missing)})}
        for rendition_id, frozen in found.items():
            self._renditions[rendition_id] = frozen
            self._renditions.move_to_end(rendition_id)
        while len(self._renditions) > max(MOST, len(found)):
            self._renditions.popitem(last=False)
        return found

    def account(self, account_id: int) -> AccountRef:
        """An account that was fetched. Raises :class:`Rejected` if it has been closed since, and :class:`Misconfigured` if
        its credentials do not open: that stops this account and no other.
        """
        account = self._accounts[account_id]
        if isinstance(account, ChannelError):
            raise type(account)(account.reason)
        return account

    def _opened(self, account: Account) -> AccountRef | ChannelError:
        if account.state is AccountState.CLOSED:
            return Rejected("The account was closed. Nothing is published through it any more.")
        try:
            return self.openers.account(account)
        except Unready as error:
            return Misconfigured(str(error))


def outgoing(rendition: Frozen, delivery_id: int, to: str | None, valid_seconds: int | None) -> Outgoing:
    """A rendition on its way to one place."""
    return Outgoing(
        key=str(delivery_id),
        mode=rendition.mode,
        kind=rendition.kind,
        language=rendition.language,
        title=rendition.title,
        text=rendition.text,
        html=rendition.html,
        thread=rendition.thread,
        issued_at=rendition.issued_at,
        next_update_at=rendition.next_update_at,
        to=to,
        valid_seconds=valid_seconds,
        notice=rendition.notice,
    )


def _frozen(row: Row[Any]) -> Frozen:
    notice = None
    if row.revision_id is not None:
        notice = Notice(row.revision_id, row.message_id, row.activation_id, row.activated_at, row.contents)
    values = {name: getattr(row, name) for name in Frozen.__slots__ if name not in {"mode", "notice"}}
    return Frozen(**values, mode=Mode(row.mode), notice=notice)
