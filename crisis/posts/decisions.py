"""Decisions: what a unit says about its posts that the lock stopped. It is the unit's to say, after the lock, and nobody
else's; nothing is ever published by itself, and who says nothing has dropped nothing and published nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations.service import ActivationLocked, find_current
from crisis.audit import chain
from crisis.channels import Capabilities
from crisis.db import kick
from crisis.errors import Conflict, Invalid, NotFound
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.posts import spread
from crisis.posts.models import Post
from crisis.posts.outlets import own_account
from crisis.roles import Actor
from crisis.said import Said

SMS_VALIDITY: Final = timedelta(minutes=30)
"""A unit's text message that could not be delivered within this dies, so that it does not surface during a later lock."""
AT_ONCE_MOST: Final = 500
"""Posts in one decision."""

_BLOCKED = text(
    """
    SELECT DISTINCT r.post_id FROM renditions r JOIN deliveries d ON d.rendition_id = r.id
    WHERE r.post_id = ANY(CAST(:posts AS int[])) AND d.state = 'blocked'
    """
)
_PUBLISH = text(
    """
    UPDATE deliveries d SET state = 'ready', due_at = :at, error = NULL, changed_at = now(),
           deadline_at = CASE WHEN d.deadline_at IS NOT NULL THEN CAST(:at AS timestamptz) + :validity END
    FROM renditions r WHERE r.id = d.rendition_id AND r.post_id = :post AND d.state = 'blocked'
    """
)
_DROP = text(
    """
    UPDATE deliveries d SET state = 'cancelled', due_at = now(), changed_at = now(),
           error = CASE WHEN :rewritten THEN 'rewritten as another post' END
    FROM renditions r WHERE r.id = d.rendition_id AND r.post_id = :post AND d.state = 'blocked'
    """
)
_TAKE_BACK = text(
    """
    UPDATE deliveries d SET changed_at = now(), state = CASE WHEN :again THEN 'blocked' ELSE 'cancelled' END,
           error = CASE WHEN :again THEN 'taken back before it went out' END
    FROM renditions r WHERE r.id = d.rendition_id AND r.post_id = :post AND d.state = 'ready' AND d.due_at > now()
    """
)


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a decision about several posts: ``left`` were not blocked any more, and nothing was done with them."""

    posts: Sequence[int]
    left: Sequence[int]


async def publish(
    session: AsyncSession, actor: Actor, post_ids: Sequence[int], channels: Mapping[str, Capabilities]
) -> Decided:
    """Let blocked posts go out, the oldest first and spread out (:mod:`crisis.posts.spread`).

    A text message has its whole validity again from then. All or none: raises :class:`ActivationLocked` while the lock holds,
    :class:`Invalid` where one cannot be published any more, and :class:`Conflict` where none of them is blocked.
    """
    found, left = await _blocked(session, actor, post_ids, channels)
    modes: dict[Mode, list[Post]] = {}
    for post in found:
        modes.setdefault(post.mode, []).append(post)
    for mode, posts in modes.items():
        for account_id in {post.account_id for post in posts}:
            await own_account(session, actor, account_id, channels)
        if (held := await find_current(session, mode)) is not None:
            raise ActivationLocked(held, "The post stays blocked and is not lost.")
        now = (await session.execute(select(func.now()))).scalar_one()
        moments = await spread.take(session, mode, now, [post.account_id for post in posts])
        for post, at in zip(posts, moments, strict=True):
            post.release_at = at
            await session.execute(_PUBLISH, {"post": post.id, "at": at, "validity": SMS_VALIDITY})
            await chain.append(
                *(session, actor, "publish_blocked", f"post:{post.id}"),
                mode=mode,
                account=post.account_id,
                at=at.isoformat(),
            )
        kick(session, mode, Lane.UNIT)
    return Decided([post.id for post in found], left)


async def drop(
    session: AsyncSession, actor: Actor, post_ids: Sequence[int], channels: Mapping[str, Capabilities]
) -> Decided:
    """Drop blocked posts, at any time. They stay on record and never go out. Raises as :func:`publish`, but for the lock."""
    found, left = await _blocked(session, actor, post_ids, channels)
    for post in found:
        await session.execute(_DROP, {"post": post.id, "rewritten": False})
        await chain.append(session, actor, "drop_blocked", f"post:{post.id}", mode=post.mode, account=post.account_id)
    return Decided([post.id for post in found], left)


async def replace(
    session: AsyncSession, actor: Actor, old_id: int, new: Post, channels: Mapping[str, Capabilities]
) -> None:
    """Drop a blocked post for the one that was written from it. Raises :class:`Conflict` when it is not blocked any more:
    whoever sent or dropped it meanwhile meant that, and it is not to be said twice.
    """
    old = await session.get(Post, old_id, with_for_update=True)
    if old is None or old.mode is not new.mode:
        raise NotFound("post", old_id)
    await own_account(session, actor, old.account_id, channels, usable=False)
    dropped = await session.execute(_DROP, {"post": old_id, "rewritten": True})
    if not dropped.rowcount:  # type: ignore[attr-defined]
        raise Conflict(
            Said(
                "Post {number} is not blocked any more: somebody has decided about it since. Nothing was published. Publish "
                "this as a new post if it is still wanted.",
                number=old_id,
            )
        )
    new.instead_of = old_id
    await chain.append(
        session, actor, "drop_blocked", f"post:{old_id}", mode=old.mode, account=old.account_id, rewritten_as=new.id
    )


async def take_back(session: AsyncSession, actor: Actor, post: Post, channels: Mapping[str, Capabilities]) -> None:
    """Take back a post before its time has come. One that had been blocked is blocked again, for its owner to decide about.

    Raises :class:`Conflict` when its time has come, or it was blocked.
    """
    await own_account(session, actor, post.account_id, channels, usable=False)
    rows = await session.execute(_TAKE_BACK, {"post": post.id, "again": post.release_at is not None})
    if not rows.rowcount:  # type: ignore[attr-defined]
        raise Conflict(Said("Post {number} is not waiting for its time any more.", number=post.id))
    post.release_at = None
    await chain.append(session, actor, "take_back_post", f"post:{post.id}", mode=post.mode, account=post.account_id)


async def _blocked(
    session: AsyncSession, actor: Actor, post_ids: Sequence[int], channels: Mapping[str, Capabilities]
) -> tuple[list[Post], list[int]]:
    """Those of the actor's posts that are blocked, the oldest first, held; and the numbers of those that are not."""
    wanted = sorted(set(post_ids))
    if not wanted:
        raise Invalid(Said("Choose at least one post."))
    if len(wanted) > AT_ONCE_MOST:
        raise Invalid(Said("At most {most} posts can be decided about at once.", most=AT_ONCE_MOST))
    held = list(await session.scalars(select(Post).where(Post.id.in_(wanted)).order_by(Post.id).with_for_update()))
    if missing := set(wanted) - {post.id for post in held}:
        raise NotFound("post", min(missing))
    for account_id in {post.account_id for post in held}:  # before saying how any of them stands
        await own_account(session, actor, account_id, channels, usable=False)
    blocked = set((await session.execute(_BLOCKED, {"posts": wanted})).scalars())
    left = [number for number in wanted if number not in blocked]
    if not blocked:
        raise Conflict(Said("Post {number} is not blocked, so there is nothing to decide.", number=wanted[0]))
    return [post for post in held if post.id in blocked], left
