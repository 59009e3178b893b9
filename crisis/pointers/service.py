"""Pointers: one text of the web editors' for each activation, that locked accounts publish once, each on its own.

::

    write ──► waiting ──approve──► in force ──withdraw, stand down──► withdrawn
      └──────────────────────────────▲   at once, where one person may release alone

A pointer says where to look: "Følg krise.fjordvik.kommune.no for informasjon". It never changes: whoever wants another text
withdraws it and writes a new one, which every account may publish once again. People are never sent one by SMS.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.models import Account
from crisis.activations import leftovers
from crisis.activations.models import Activation
from crisis.activations.service import find_current
from crisis.audit import chain
from crisis.channels import Capabilities
from crisis.db import Database
from crisis.errors import Conflict, Invalid, NotAllowed, NotFound
from crisis.messages.content import clean
from crisis.messages.release import Rule
from crisis.messages.render import Renderer
from crisis.mode import Mode
from crisis.pointers import places, publishing
from crisis.pointers.models import Pointer
from crisis.pointers.places import Place
from crisis.pointers.wording import Wording
from crisis.posts import outlets
from crisis.roles import Act, Actor, can, require, require_mode, require_unit
from crisis.said import Said


class SecondPersonNeeded(NotAllowed):
    """The actor wrote it, and another person is to approve it."""

    def __init__(self, alone_from: datetime | None) -> None:
        later = f" If nobody else does, you may approve it alone from {alone_from.isoformat()}." if alone_from else ""
        super().__init__(
            "You wrote this pointer, and somebody else is to approve it. No account can publish it yet. Ask a colleague or the "
            f"director.{later}"
        )
        self.alone_from = alone_from


@dataclass(frozen=True, slots=True)
class Standing:
    """A pointer and where it stands: every account that could carry it."""

    pointer: Pointer
    places: Sequence[Place]
    may_approve: bool = False
    """The actor may, now; only said while it waits."""
    alone_from: datetime | None = None

    @property
    def is_approved(self) -> bool:
        """Accounts may publish it."""
        return self.pointer.approved_at is not None


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing came to: ``{account: post}``, and the accounts that had published it before."""

    posts: Mapping[int, int]
    before: Sequence[int]


class Pointers:
    """What is done with them, given what the channels can take."""

    def __init__(
        self,
        db: Database,
        renderer: Renderer,
        capabilities: Mapping[str, Capabilities],
        *,
        language: str,
        editors_unit: str,
        rule: Rule,
    ) -> None:
        self._db, self._capabilities = db, capabilities
        self._editors_unit, self._rule = editors_unit, rule
        self.wording = Wording(renderer, capabilities, language)

    async def write(self, actor: Actor, text: str, *, mode: Mode = Mode.ACTUAL) -> Standing:
        """Write the pointer of the activation in force; and approve it, where one person may release alone.

        The same text once more is the same as once. Raises :class:`Invalid` for what no channel holds, and :class:`Conflict`
        when no activation is in force, or another text is there already.
        """
        require(actor, Act.WRITE_MESSAGE)
        self.wording.render(text, mode)
        async with self._db.transaction() as session:
            activation = await _in_force(session, mode)
            values = {"mode": mode, "activation_id": activation.id, "text": clean(text), "written_by": actor.name}
            made = await session.scalar(insert(Pointer).values(**values).on_conflict_do_nothing().returning(Pointer))
            if made is None:
                pointer = await _current(session, activation.id)
                if pointer is None or pointer.text != values["text"]:
                    raise Conflict(
                        Said("There is a pointer already. Withdraw it first; what is out stays. Nothing was changed.")
                    )
                return await self._standing(session, actor, pointer)
            await chain.append(
                *(session, actor, "write_pointer", f"pointer:{made.id}"),
                mode=mode,
                activation=activation.id,
                text=made.text,
            )
            if not self._rule.asks_two(mode) and can(actor, Act.APPROVE_MESSAGE):
                await self._approve(session, actor, made)
            return await self._standing(session, actor, made)

    async def approve(self, actor: Actor, pointer_id: int) -> Standing:
        """Let accounts publish it. Approving twice is the same as once.

        Raises :class:`SecondPersonNeeded` where the municipality asks for two people and the actor wrote it, and
        :class:`Conflict` when it was withdrawn.
        """
        require(actor, Act.APPROVE_MESSAGE)
        async with self._db.transaction() as session:
            pointer = await _held(session, actor, pointer_id)
            if pointer.approved_at is None:
                await self._approve(session, actor, pointer)
            return await self._standing(session, actor, pointer)

    async def withdraw(self, actor: Actor, pointer_id: int) -> int:
        """No account can publish it any more, and what has not gone out never will; returns how many posts that were. What is
        out stays: it is taken down like any other post, by its delivery. Raises :class:`Conflict` when it was withdrawn.
        """
        require(actor, Act.APPROVE_MESSAGE)
        async with self._db.transaction() as session:
            pointer = await _held(session, actor, pointer_id)
            withdrawn = await leftovers.withdraw_pointer(session, pointer.activation_id)
            cancelled = withdrawn[1] if withdrawn else 0
            await chain.append(
                *(session, actor, "withdraw_pointer", f"pointer:{pointer.id}"), mode=pointer.mode, cancelled=cancelled
            )
        return cancelled

    async def publish(self, actor: Actor, account_ids: Sequence[int], *, mode: Mode = Mode.ACTUAL) -> Published:
        """Publish the pointer through accounts, once each: the actor's own unit's, or for the web editors any.

        All or none of them. An account that has published it does nothing. Raises :class:`Conflict` when there is none in force,
        :class:`NotFound`, :class:`NotAllowed`, and :class:`Invalid` for an account that cannot carry it.
        """
        if not can(actor, Act.APPROVE_MESSAGE):
            require(actor, Act.POST)
        require_mode(actor, mode)
        wanted = sorted(set(account_ids))
        if not wanted:
            raise Invalid(Said("Choose at least one account."))
        posts, before = dict[int, int](), list[int]()
        async with self._db.transaction() as session:
            accounts = {each.id: each for each in await session.scalars(select(Account).where(Account.id.in_(wanted)))}
            for number in wanted:
                await self._check(session, actor, number, accounts.get(number))
            activation = await _in_force(session, mode)
            pointer = await _current(session, activation.id, hold=True)
            if pointer is None or pointer.approved_at is None:
                raise Conflict(
                    Said("No pointer is approved. The web editors approve one first. Nothing was published.")
                )
            rendered = self.wording.render(pointer.text, mode)
            for number in wanted:
                account = accounts[number]
                made = await publishing.put_out(session, actor, pointer, account, rendered[account.channel])
                if made is None:
                    before.append(number)
                else:
                    posts[number] = made
        return Published(posts, before)

    async def standing(self, actor: Actor, *, mode: Mode = Mode.ACTUAL) -> Standing | None:
        """The pointer of the activation in force and its places; a unit's editor sees the unit's own. ``None`` where none is."""
        if not can(actor, Act.READ_CRISIS):
            require(actor, Act.POST)
        async with self._db.transaction() as session:
            activation = await find_current(session, mode)
            pointer = None if activation is None else await _current(session, activation.id)
            return None if pointer is None else await self._standing(session, actor, pointer)

    async def _standing(self, session: AsyncSession, actor: Actor, pointer: Pointer) -> Standing:
        unit = None if can(actor, Act.READ_CRISIS) else actor.unit or ""
        found = await places.read(
            *(session, pointer.id, unit, self._capabilities),
            channels=self.wording.channels,
            editors_unit=self._editors_unit,
        )
        if pointer.approved_at is not None or not can(actor, Act.APPROVE_MESSAGE):
            return Standing(pointer, found)
        said = self._rule.of_waiting(actor, {pointer.written_by}, pointer.written_at, pointer.mode, await _now(session))
        return Standing(pointer, found, said.may_approve, said.alone_from)

    async def _approve(self, session: AsyncSession, actor: Actor, pointer: Pointer) -> None:
        now = await _now(session)
        said = self._rule.of_waiting(actor, {pointer.written_by}, pointer.written_at, pointer.mode, now)
        if not said.may_approve:
            raise SecondPersonNeeded(said.alone_from)
        pointer.approved_by, pointer.approved_at = actor.name, now
        detail: dict[str, Any] = {"activation": pointer.activation_id, "text": pointer.text}
        if said.is_alone:
            detail["alone"] = True
        await chain.append(session, actor, "approve_pointer", f"pointer:{pointer.id}", mode=pointer.mode, **detail)

    async def _check(self, session: AsyncSession, actor: Actor, number: int, account: Account | None) -> None:
        """Raise unless the actor may publish there, and the account can carry it."""
        if account is None:
            raise NotFound("account", number)
        if not can(actor, Act.APPROVE_MESSAGE):
            require_unit(actor, account.unit)
        if account.unit == self._editors_unit:
            raise Invalid(
                Said("{account} is the web editors' own: it carries the messages themselves.", account=account.name)
            )
        problem = await outlets.find_problem(session, account, self._capabilities)
        if problem is None and account.channel not in self.wording.channels:
            problem = Said("{account} sends to recipients, and a pointer is sent to nobody.", account=account.name)
        if problem is not None:
            raise Invalid(problem)


async def _in_force(session: AsyncSession, mode: Mode) -> Activation:
    activation = await find_current(session, mode)
    if activation is None:
        raise Conflict(Said("No account is locked, so there is nothing to point to. Units publish as usual."))
    return activation


async def _current(session: AsyncSession, activation_id: int, *, hold: bool = False) -> Pointer | None:
    """The pointer that is not withdrawn; ``hold`` keeps it so until the transaction ends."""
    wanted = select(Pointer).where(Pointer.activation_id == activation_id, Pointer.withdrawn_at.is_(None))
    found: Pointer | None = await session.scalar(wanted.with_for_update(read=True) if hold else wanted)
    return found


async def _held(session: AsyncSession, actor: Actor, pointer_id: int) -> Pointer:
    """One that is not withdrawn, for whoever changes it."""
    pointer = await session.get(Pointer, pointer_id, with_for_update=True)
    if pointer is None:
        raise NotFound("pointer", pointer_id)
    require_mode(actor, pointer.mode)
    if pointer.withdrawn_at is not None:
        raise Conflict(Said("Pointer {number} was withdrawn. Write a new one.", number=pointer_id))
    return pointer


async def _now(session: AsyncSession) -> datetime:
    found: datetime = (await session.execute(select(func.now()))).scalar_one()
    return found
