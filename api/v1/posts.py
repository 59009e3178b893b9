"""Posts: what units publish themselves, held by the lock, decided by their owner afterwards."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.deps import TheCrisis, Who
from api.documented import problems
from api.door import Door
from api.paging import At, Page
from api.v1.schemas.posts import PostIn, PostOut
from api.v1.schemas.shape import Id
from crisis.mode import Mode

router = APIRouter(prefix="/posts", tags=["posts"], route_class=Door, responses=problems(404, 409, 423))
OfMode = Annotated[Mode, Query()]


@router.post("", status_code=201, summary="Publish at once, or schedule")
async def publish(wanted: PostIn, crisis: TheCrisis, actor: Who, response: Response) -> PostOut:
    """423 while an activation holds the account: ``held_by`` and ``since`` say who and when; the post is kept as blocked."""
    post = await crisis.posts.publish(
        actor,
        wanted.account_id,
        wanted.text,
        title=wanted.title,
        publish_at=wanted.publish_at,
        audience_id=wanted.audience_id,
        mode=wanted.mode,
    )
    response.headers["Location"] = f"/v1/posts/{post.id}"
    return PostOut.model_validate(post)


@router.get("", summary="List posts, oldest first")
async def list_posts(crisis: TheCrisis, actor: Who, at: At, mode: OfMode = Mode.ACTUAL) -> Page[PostOut]:
    """A unit's editor sees the unit's own; the others see everybody's."""
    rows = await crisis.posts.list(actor, mode=mode, after=at.after, most=at.most)
    return at.page(rows, PostOut.model_validate, lambda row: row.id)


@router.get("/{post_id}", summary="One post and how it stands")
async def get(post_id: Id, crisis: TheCrisis, actor: Who, mode: OfMode = Mode.ACTUAL) -> PostOut:
    """404 also for another unit's post."""
    return PostOut.model_validate(await crisis.posts.get(actor, post_id, mode=mode))


@router.post("/{post_id}/publish", summary="Publish a blocked post after all")
async def publish_blocked(post_id: Id, crisis: TheCrisis, actor: Who) -> PostOut:
    """423 while the lock holds; the post stays blocked and is not lost."""
    return PostOut.model_validate(await crisis.posts.decide(actor, post_id, publish=True))


@router.post("/{post_id}/drop", summary="Drop a blocked post")
async def drop_blocked(post_id: Id, crisis: TheCrisis, actor: Who) -> PostOut:
    """It stays on record as cancelled, and is never sent."""
    return PostOut.model_validate(await crisis.posts.decide(actor, post_id, publish=False))
