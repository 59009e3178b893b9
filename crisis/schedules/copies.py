"""Copies: a planned post becomes a blocked post of ours, where this service can publish it, so that its owner decides about it.

Like every blocked post it goes nowhere by itself. What is over our limits, has nothing but pictures, or belongs to an account that
we do not publish through, stays a planned post: its text is there to copy.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.models import Account
from crisis.channel_watch import Planned
from crisis.channels import Capabilities, Channel
from crisis.deliveries import outbox
from crisis.errors import Invalid
from crisis.lanes import Lane
from crisis.limits.models import AccountLimit
from crisis.messages.render import Renderer
from crisis.messages.rendered import Rendered, faults
from crisis.mode import Mode
from crisis.posts import writing
from crisis.posts.models import Post
from crisis.posts.outlets import unusable

_BLOCK = text(
    """
    UPDATE deliveries SET state = 'blocked', changed_at = now(), error = 'was scheduled at the platform, and held by the lock'
    WHERE rendition_id = :rendition AND state = 'ready'
    """
)
_HELD = text(
    """
    SELECT EXISTS (SELECT 1 FROM posts p JOIN renditions r ON r.post_id = p.id JOIN deliveries d ON d.rendition_id = r.id
                   WHERE p.id = :post AND p.text = :text AND p.title = :title AND d.state = 'blocked')
    """
)
_LINK = text("UPDATE planned_posts SET post_id = :post WHERE id = :id")


class Copies:
    """Makes blocked posts. ``renderer`` is asked for when the first is made: most processes never make one."""

    def __init__(self, channels: Mapping[str, Channel], renderer: Callable[[], Renderer], language: str) -> None:
        self._channels, self._make, self._language = channels, renderer, language
        self._renderer: Renderer | None = None

    async def make(
        self, session: AsyncSession, mode: Mode, account: Account, kept_id: int, planned: Planned, before: int | None
    ) -> int | None:
        """The post's number; ``None`` where none can be made. ``before``: the one made when the same was unscheduled earlier."""
        channel = self._channels.get(account.channel)
        capabilities = None if channel is None else channel.capabilities
        limit = await session.get(AccountLimit, account.id)
        if capabilities is None or capabilities.recipients or unusable(account, limit, capabilities) is not None:
            return None
        title, body = planned.title, _with_link(planned)
        if before is not None and await self._is_held(session, before, title, body):
            return before
        rendered = self._render(account, title, body, capabilities, mode)
        if rendered is None:
            return None
        now = (await session.execute(select(func.now()))).scalar_one()
        post = Post(
            mode=mode,
            account_id=account.id,
            title=title,
            text=body,
            language=self._language,
            publish_at=planned.due_at,
            created_by=planned.author or account.unit,
        )
        session.add(post)
        await session.flush()
        rendition = await writing.freeze(session, post, account, rendered, now)
        await outbox.to_accounts(session, mode, Lane.UNIT, [(rendition.id, account.id)])
        await session.execute(_BLOCK, {"rendition": rendition.id})
        await session.execute(_LINK, {"id": kept_id, "post": post.id})
        return post.id

    async def _is_held(self, session: AsyncSession, post_id: int, title: str, body: str) -> bool:
        return bool((await session.execute(_HELD, {"post": post_id, "title": title, "text": body})).scalar_one())

    def _render(
        self, account: Account, title: str, body: str, capabilities: Capabilities, mode: Mode
    ) -> Rendered | None:
        self._renderer = self._renderer or self._make()
        try:
            rendered = self._renderer.render_post(
                body, title, account.channel, capabilities, language=self._language, mode=mode
            )
        except Invalid:
            return None
        return None if faults(rendered, capabilities) else rendered


def _with_link(planned: Planned) -> str:
    """Its text, and the link that was attached to it, where it does not name that itself."""
    link = planned.attributes.get("link", "")
    return f"{planned.text}\n\n{link}".strip() if link and link not in planned.text else planned.text
