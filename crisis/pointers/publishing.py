"""Publishing: a pointer on its way out through one locked account, once.

It passes the gate because it is the editors' text and nothing of the unit's. That rule is :data:`LANE` and the foreign keys of
``posts``, ``renditions`` and ``deliveries``: a post is in another lane than the units' own only as a pointer's, word for word.
"""

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.models import Account
from crisis.audit import chain
from crisis.deliveries import outbox
from crisis.deliveries.models import Rendition
from crisis.lanes import Lane
from crisis.messages.rendered import Rendered
from crisis.pointers.models import Pointer
from crisis.posts.models import Post
from crisis.roles import Actor

LANE: Final = Lane.PUBLIC
"""The lane that a pointer's posts go in: a crisis message's in public, which no gate holds back. Nothing else of a unit's account
is ever put there.
"""


async def put_out(
    session: AsyncSession, actor: Actor, pointer: Pointer, account: Account, rendered: Rendered
) -> int | None:
    """Publish an approved pointer, which the caller holds, through an account; the post's number, or ``None`` where the account
    has published it before.
    """
    values = {
        "mode": pointer.mode,
        "account_id": account.id,
        "text": pointer.text,
        "language": rendered.language,
        "publish_at": func.now(),
        "pointer_id": pointer.id,
        "created_by": actor.name,
    }
    made = await session.scalar(insert(Post).values(**values).on_conflict_do_nothing().returning(Post.id))
    if made is None:
        return None
    rendition = Rendition(
        mode=pointer.mode,
        post_id=made,
        pointer_id=pointer.id,
        channel=account.channel,
        language=rendered.language,
        kind="post",
        title=rendered.title,
        text=rendered.text,
        html=rendered.html,
        length=rendered.length.count,
        thread=f"pointer-{pointer.id}",
        issued_at=(await session.execute(select(func.now()))).scalar_one(),
    )
    session.add(rendition)
    await session.flush()
    await outbox.to_accounts(session, pointer.mode, LANE, [(rendition.id, account.id)])
    subject = f"post:{made}"
    await chain.append(
        session, actor, "publish_pointer", subject, mode=pointer.mode, account=account.id, pointer=pointer.id
    )
    return int(made)
