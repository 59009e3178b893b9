"""Units' posts: published at once or scheduled, held by the lock, and decided by their owner afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.accounts.models import Account
from crisis.activations import gate
from crisis.activations.service import ActivationLocked, find_current
from crisis.audiences.models import Audience
from crisis.audit import chain
from crisis.channels import Capabilities
from crisis.db import Database
from crisis.deliveries import outbox
from crisis.deliveries.models import Rendition
from crisis.errors import Invalid, NotFound
from crisis.lanes import Lane
from crisis.messages.render import Renderer
from crisis.messages.rendered import Rendered, faults
from crisis.mode import Mode
from crisis.posts import decisions, spread, standing, writing
from crisis.posts.models import Post
from crisis.posts.outlets import Outlet, list_outlets, own_account
from crisis.posts.standing import Standing
from crisis.roles import Act, Actor, Role, require
from crisis.said import Said

FURTHEST = timedelta(days=366)

_HOLD = text(
    """
    UPDATE deliveries SET state = 'blocked', changed_at = now(), error = 'held by the lock'
    WHERE rendition_id = :rendition AND state = 'ready'
    """
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a decision about several posts: ``left`` were not blocked any more, and nothing was done with them."""

    posts: Sequence[Standing]
    left: Sequence[int]


class Posts:
    """What a unit's editor can do, given what the channels can take."""

    def __init__(
        self, db: Database, renderer: Renderer, capabilities: Mapping[str, Capabilities], primary_language: str
    ) -> None:
        self._db, self._renderer, self._capabilities = db, renderer, capabilities
        self._language = primary_language

    async def publish(
        self,
        actor: Actor,
        account_id: int,
        body: str,
        *,
        title: str = "",
        publish_at: datetime | None = None,
        audience_id: int | None = None,
        instead_of: int | None = None,
        mode: Mode = Mode.ACTUAL,
    ) -> Standing:
        """Publish at once (``publish_at`` of ``None``) or at a time with a zone, through one of the unit's own accounts.

        While the lock holds, a post that is due now is kept as ``blocked`` and :class:`ActivationLocked` says who holds the
        lock and since when; one for later is scheduled, and blocked if it comes due during the lock. ``instead_of``: the blocked
        post it was written from, which is dropped for it; without a time of its own it goes out when that would have
        (:mod:`crisis.posts.spread`). Raises :class:`Invalid` for texts over the channel's limit and for channels this service
        does not publish to, and :class:`Conflict` when somebody has decided about the old one meanwhile.
        """
        if publish_at is not None and publish_at.tzinfo is None:
            raise Invalid(Said("The time to publish at needs a time zone, such as 2026-11-20T08:00:00+01:00."))
        held = None
        async with self._db.transaction() as session:
            now = await clock.at_database(session)
            if publish_at is not None and publish_at > now + FURTHEST:
                raise Invalid(Said("The time to publish at is more than a year away. Schedule it nearer to the day."))
            account = await own_account(session, actor, account_id, self._capabilities)
            rendered = self._render(account, title, body, mode)
            await self._check_audience(session, account, audience_id)
            post = Post(
                mode=mode,
                account_id=account.id,
                audience_id=audience_id,
                title=title,
                text=body,
                language=self._language,
                publish_at=publish_at or now,
                created_by=actor.name,
            )
            session.add(post)
            await session.flush()
            is_due, is_held = publish_at is None or publish_at <= now, await gate.is_locked(session, mode)
            if instead_of is not None:
                await decisions.replace(session, actor, instead_of, post, self._capabilities)
                if is_due and not is_held:
                    (post.release_at,) = await spread.take(session, mode, now, [account.id])
            rendition = await writing.freeze(session, post, account, rendered, now)
            due_at = post.release_at if is_due else publish_at
            if due_at is not None and due_at <= now:
                due_at = None
            count = await self._put_out(session, mode, rendition, account, audience_id, due_at, due_at or now)
            if count == 0:
                raise Invalid(Said("The audience is empty: nobody would get this. Import recipients first."))
            if due_at is None and is_held:
                await session.execute(_HOLD, {"rendition": rendition.id})
                held = await find_current(session, mode)
            await chain.append(
                session, actor, "post", f"post:{post.id}", mode=mode, account=account.id, blocked=held is not None
            )
        if held is not None:
            raise ActivationLocked(
                held, f"The post is kept as number {post.id} and blocked; you decide about it afterwards.", post.id
            )
        return await self.get(actor, post.id, mode=mode)

    async def decide(self, actor: Actor, post_id: int, *, publish: bool) -> Standing:
        """Publish or drop a blocked post. Raises as :meth:`decide_all`."""
        return (await self.decide_all(actor, [post_id], publish=publish)).posts[0]

    async def decide_all(self, actor: Actor, post_ids: Sequence[int], *, publish: bool) -> Outcome:
        """Publish or drop blocked posts of the actor's unit, in one act. Their owner does this after the lock; nothing does it by
        itself. What is published is spread out: ``release_at`` says when each goes out, and until then it can be taken back.

        Raises :class:`Conflict` if none is blocked, and :class:`ActivationLocked` on publishing while the lock holds.
        """
        async with self._db.transaction() as session:
            act = decisions.publish if publish else decisions.drop
            done = await act(session, actor, post_ids, self._capabilities)
            modes = {post.mode for post in await session.scalars(select(Post).where(Post.id.in_(done.posts)))}
            found = [
                post
                for mode in sorted(modes)
                for post in await standing.read(session, mode, unit=None, posts=done.posts, most=len(done.posts))
            ]
        return Outcome(found, done.left)

    async def get(self, actor: Actor, post_id: int, *, mode: Mode = Mode.ACTUAL) -> Standing:
        """One post and how it stands. Raises :class:`NotFound`, also for another unit's post."""
        found = await self.list(actor, mode=mode, posts=[post_id])
        if not found:
            raise NotFound("post", post_id)
        return found[0]

    async def list(
        self,
        actor: Actor,
        *,
        mode: Mode = Mode.ACTUAL,
        after: int = 0,
        most: int = 100,
        posts: Sequence[int] | None = None,
    ) -> Sequence[Standing]:
        """Posts after number ``after``, oldest first: the unit's own for a unit editor, everybody's for the others."""
        unit = _unit_of(actor)
        async with self._db.transaction() as session:
            return await standing.read(session, mode, unit=unit, after=after, most=most, posts=posts)

    async def recent(
        self, actor: Actor, *, mode: Mode, unit: str | None = None, before: int | None = None, most: int = 50
    ) -> Sequence[Standing]:
        """Posts before number ``before``, newest first. ``unit``: of that one alone; a unit editor sees the unit's own."""
        unit = _unit_of(actor) or unit
        async with self._db.transaction() as session:
            return await standing.read(session, mode, unit=unit, before=before, most=most, newest_first=True)

    async def blocked(
        self, actor: Actor, *, mode: Mode, unit: str | None = None, most: int = 1_000
    ) -> Sequence[Standing]:
        """Posts that somebody must decide about, the oldest first; of whom, as :meth:`recent`."""
        unit = _unit_of(actor) or unit
        async with self._db.transaction() as session:
            return await standing.read(session, mode, unit=unit, most=most, blocked=True)

    async def outlets(self, actor: Actor) -> Sequence[Outlet]:
        """The accounts of the actor's unit that are in use, those that can be published through first."""
        require(actor, Act.POST)
        async with self._db.transaction() as session:
            return await list_outlets(session, actor.unit, self._capabilities)

    async def take_back(self, actor: Actor, post_id: int) -> Standing:
        """Take back a post before its time has come; one that had been blocked is blocked again. Raises :class:`Conflict` when its
        time has come.
        """
        async with self._db.transaction() as session:
            post = await session.get(Post, post_id)
            if post is None:
                raise NotFound("post", post_id)
            await decisions.take_back(session, actor, post, self._capabilities)
        return await self.get(actor, post_id, mode=post.mode)

    async def _check_audience(self, session: AsyncSession, account: Account, audience_id: int | None) -> None:
        if not self._capabilities[account.channel].recipients:
            if audience_id is not None:
                raise Invalid(
                    Said(
                        "{account} publishes to everyone on {channel}: leave the audience out.",
                        account=account.name,
                        channel=account.channel,
                    )
                )
        elif audience_id is None:
            raise Invalid(Said("{account} sends to recipients: name the audience it is for.", account=account.name))
        elif await session.get(Audience, audience_id) is None:
            raise NotFound("audience", audience_id)

    def _render(self, account: Account, title: str, body: str, mode: Mode) -> Rendered:
        capabilities = self._capabilities[account.channel]
        rendered = self._renderer.render_post(
            body, title, account.channel, capabilities, language=self._language, mode=mode
        )
        if found := faults(rendered, capabilities):
            problems = [Said.coded(each.code, each.said, **each.values) for each in found]
            raise Invalid(Said("The post cannot go out as it is."), problems)
        return rendered

    async def _put_out(
        self,
        session: AsyncSession,
        mode: Mode,
        rendition: Rendition,
        account: Account,
        audience_id: int | None,
        due_at: datetime | None,
        publish_at: datetime,
    ) -> int:
        if audience_id is None:
            return await outbox.to_accounts(session, mode, Lane.UNIT, [(rendition.id, account.id)], due_at=due_at)
        renditions = {rendition.language: rendition.id}
        deadline = publish_at + decisions.SMS_VALIDITY
        return await outbox.to_audience(
            session, mode, Lane.UNIT, renditions, account.id, audience_id, due_at=due_at, deadline_at=deadline
        )


def _unit_of(actor: Actor) -> str | None:
    """The one unit whose posts the actor sees; ``None``: everybody's."""
    if actor.role is Role.UNIT:
        return actor.unit
    require(actor, Act.READ_CRISIS)
    return None
