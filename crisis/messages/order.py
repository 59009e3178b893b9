"""Order: whether a revision can still go out: its activation is in force, and nothing newer went before it."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import service as activations
from crisis.activations.states import ActivationState
from crisis.errors import Conflict
from crisis.messages.models import Message, Revision, RevisionState


async def check_in_force(session: AsyncSession, message: Message) -> None:
    """Raise :class:`Conflict` after the stand-down."""
    activation = await activations.get(session, message.activation_id)
    if activation.state is ActivationState.STOOD_DOWN:
        raise Conflict(f"Activation {activation.id} is stood down. Nothing more is sent for it.")


async def check_still_newest(session: AsyncSession, revision: Revision) -> None:
    """Raise :class:`Conflict` if a newer revision is out."""
    newer = select(Revision).where(
        Revision.message_id == revision.message_id,
        Revision.state == RevisionState.APPROVED,
        Revision.number > revision.number,
    )
    if found := (await session.scalars(newer.limit(1))).one_or_none():
        raise Conflict(
            f"Revision {found.number} was approved by {found.approved_by} after this draft was begun. "
            "Write a new revision on top of it."
        )
