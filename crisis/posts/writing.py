"""Writing: what goes out of a unit's post, frozen once and in one way, whoever stored it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.models import Account
from crisis.deliveries.models import Rendition
from crisis.messages.rendered import Rendered
from crisis.posts.models import Post


async def freeze(session: AsyncSession, post: Post, account: Account, rendered: Rendered, now: datetime) -> Rendition:
    """Freeze what goes out of a stored post through its account."""
    rendition = Rendition(
        mode=post.mode,
        post_id=post.id,
        channel=account.channel,
        language=post.language,
        kind="post",
        title=rendered.title,
        text=rendered.text,
        html=rendered.html,
        length=rendered.length.count,
        thread=f"post-{post.id}",
        issued_at=now,
    )
    session.add(rendition)
    await session.flush()
    return rendition
