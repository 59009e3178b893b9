"""Posts: what units publish themselves, held by the lock, decided by their owner afterwards."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.deps import TheCrisis, Who
from api.documented import problems
from api.door import Door
from api.paging import At, Page
from api.v1.schemas.posts import DecidedOut, DecisionIn, PostIn, PostOut
from api.v1.schemas.shape import Id
from crisis.activations.models import Activation
from crisis.activations.service import find_current
from crisis.bootstrap import Crisis
from crisis.mode import Mode

router = APIRouter(prefix="/posts", tags=["posts"], route_class=Door, responses=problems(404, 409, 423))
OfMode = Annotated[Mode, Query()]


@router.post("", status_code=201, summary="Publish at once, or schedule")
async def publish(wanted: PostIn, crisis: TheCrisis, actor: Who, response: Response) -> PostOut:
    """423 while an activation holds the account: ``held_by`` and ``since`` say who and when; the post is kept as blocked, as
    ``post_id``.
    """
    post = await crisis.posts.publish(
        actor,
        wanted.account_id,
        wanted.text,
        title=wanted.title,
        publish_at=wanted.publish_at,
        audience_id=wanted.audience_id,
        instead_of=wanted.instead_of,
        mode=wanted.mode,
    )
    response.headers["Location"] = f"/v1/posts/{post.id}"
    return PostOut.of(post, await _lock(crisis, wanted.mode))


@router.get("", summary="List posts, oldest first")
async def list_posts(crisis: TheCrisis, actor: Who, at: At, mode: OfMode = Mode.ACTUAL) -> Page[PostOut]:
    """A unit's editor sees the unit's own; the others see everybody's."""
    rows = await crisis.posts.list(actor, mode=mode, after=at.after, most=at.most)
    lock = await _lock(crisis, mode)
    return at.page(rows, lambda row: PostOut.of(row, lock), lambda row: row.id)


@router.post("/decide", summary="Publish or drop several blocked posts")
async def decide(wanted: DecisionIn, crisis: TheCrisis, actor: Who) -> DecidedOut:
    """Their owner's to say, after the lock. What is published is spread out: ``release_at`` says when each goes out. 423 on
    publishing while the lock holds. All of them or none, but for those that were decided about meanwhile.
    """
    done = await crisis.posts.decide_all(actor, wanted.post_ids, publish=wanted.publish)
    return DecidedOut(posts=[PostOut.of(post, None) for post in done.posts], left=list(done.left))


@router.get("/{post_id}", summary="One post and how it stands")
async def get(post_id: Id, crisis: TheCrisis, actor: Who, mode: OfMode = Mode.ACTUAL) -> PostOut:
    """404 also for another unit's post."""
    return PostOut.of(await crisis.posts.get(actor, post_id, mode=mode), await _lock(crisis, mode))


@router.post("/{post_id}/publish", summary="Publish a blocked post after all")
async def publish_blocked(post_id: Id, crisis: TheCrisis, actor: Who) -> PostOut:
    """423 while the lock holds; the post stays blocked and is not lost. ``release_at`` says when it goes out: at once, or spread
    out after others that were published.
    """
    return PostOut.of(await crisis.posts.decide(actor, post_id, publish=True), None)


@router.post("/{post_id}/drop", summary="Drop a blocked post")
async def drop_blocked(post_id: Id, crisis: TheCrisis, actor: Who) -> PostOut:
    """It stays on record as cancelled, and is never sent."""
    return PostOut.of(await crisis.posts.decide(actor, post_id, publish=False), None)


@router.post("/{post_id}/take-back", summary="Take back a post before its time has come")
async def take_back(post_id: Id, crisis: TheCrisis, actor: Who) -> PostOut:
    """One that had been blocked is blocked again. 409 when its time has come."""
    return PostOut.of(await crisis.posts.take_back(actor, post_id), None)


async def _lock(crisis: Crisis, mode: Mode) -> Activation | None:
    async with crisis.db.transaction() as session:
        return await find_current(session, mode)
