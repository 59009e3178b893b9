"""A message that was sent: how it stands, per channel and language, and what can be done about what did not get there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.desk.live import Look, watched
from api.desk.pages import Renderer
from api.desk.route import AnyVisit, PageRoute, TheVisit
from api.desk.standing import SIGHTS, WITHDRAWALS, Row, Tone, row_of, worst
from api.desk.stream import over
from crisis.activations.models import Activation
from crisis.activations.service import get as get_activation
from crisis.activations.states import ActivationState
from crisis.deliveries import impatience
from crisis.deliveries.models import Rendition
from crisis.deliveries.promises import PromiseState
from crisis.logbook import acknowledgements
from crisis.messages import drafts
from crisis.messages.models import Kind, Message, Revision, RevisionState
from crisis.playbooks.plan import of_activation
from crisis.roles import Act
from crisis.status import Status
from crisis.tongue.kinds import KINDS
from crisis.tongue.parties import PARTIES

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PAGE = "message"
FRAGMENTS = ("summary", "rows")
NAMES: Final[Mapping[str, Any]] = {"kinds": KINDS, "sights": SIGHTS, "withdrawals": WITHDRAWALS}
"""Words that the page and its fragments put what they show in."""
FOLLOWING: Final = (Kind.UPDATE, Kind.CORRECTION, Kind.ALL_CLEAR)
"""What a message goes on with, and a playbook may have a text for."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One revision that is out, or on its way."""

    revision_id: int
    number: int
    kind: Kind
    approved_at: datetime
    approved_by: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything of a message that changes by itself."""

    message_id: int
    sent: tuple[Sent, ...]
    """The newest first."""
    next_update_at: datetime | None
    promise: PromiseState | None

    @property
    def tone(self) -> Tone | None:
        """Of the newest revision: what went before is past."""
        return worst(self.sent[0].rows) if self.sent else None

    @property
    def total(self) -> int:
        """Whom the newest revision is for: public posts and recipients."""
        return sum(row.total for row in self.sent[0].rows) if self.sent else 0

    @property
    def to_try_again(self) -> bool:
        """Something failed, waits, and can be tried at once."""
        return any(part.until for each in self.sent for row in each.rows for part in row.parts)

    @property
    def troubled(self) -> tuple[Row, ...]:
        """The newest revision's rows that need somebody, or did not get there."""
        return tuple(row for row in self.sent[0].rows if row.tone in {Tone.ASKS, Tone.FAILED}) if self.sent else ()


@dataclass(frozen=True, slots=True)
class MessageTopic:
    """One message, for whoever watches it."""

    message_id: int
    act: Act = Act.READ_CRISIS

    async def read(self, look: Look) -> Standing:
        """How it stands now."""
        message, revisions = await drafts.message(look.session, self.message_id)
        status = await look.status(message.mode, message.activation_id)
        return standing_of(message, revisions, status)

    def fragments(self, found: Standing, render: Renderer) -> Mapping[str, str]:
        """The blocks of the page that change."""
        return {each: render(PAGE, each, standing=found, **NAMES) for each in FRAGMENTS}


def standing_of(message: Message, revisions: Sequence[Revision], status: Status) -> Standing:
    """A message out of its activation's status."""
    lines = status.of_message(message.id)
    sent = [
        Sent(
            each.id,
            each.number,
            each.kind,
            each.approved_at,
            each.approved_by or "",
            tuple(row_of(line) for line in lines if line.revision == each.number),
        )
        for each in reversed(revisions)
        if each.state is RevisionState.APPROVED and each.approved_at is not None
    ]
    promise = next((each for each in status.promises if each.message_id == message.id), None)
    return Standing(
        message.id, tuple(sent), promise.next_update_at if promise else None, promise.state if promise else None
    )


@router.get("/messages/{message_id:int}")
async def show(message_id: int, visit: TheVisit) -> Response:
    """How it stands, and what there is to do."""
    visit.require(Act.READ_CRISIS)
    async with visit.crisis.db.transaction() as session:
        message, revisions = await drafts.message(session, message_id)
        visit.mode = message.mode
        standing = await MessageTopic(message_id).read(Look(visit.crisis, session))
        activation = await get_activation(session, message.activation_id)
        read = await acknowledgements.of_activation(session, activation.id)
        texts = await _texts(session, standing)
        plan = await of_activation(session, activation.id)
    return await visit.page(
        PAGE,
        message=message,
        standing=standing,
        activation=activation,
        headline=headline_of(revisions, visit.crisis.settings.languages[0]),
        drafts=[each for each in revisions if each.state is not RevisionState.APPROVED],
        read=read,
        texts=texts,
        is_open=_is_open(message, standing, activation),
        is_over=activation.state is ActivationState.STOOD_DOWN,
        parties=PARTIES,
        ready=[(kind, each) for kind in FOLLOWING for each in plan.offered(kind)] if plan is not None else [],
        **NAMES,
    )


@router.get("/messages/{message_id:int}/live")
async def watch(message_id: int, visit: AnyVisit) -> Response:
    """The same, for as long as somebody looks."""
    if not visit.is_signed_in:
        return over()
    async with visit.crisis.db.transaction() as session:
        await drafts.message(session, message_id)
    return watched(visit, MessageTopic(message_id))


@router.post("/messages/{message_id:int}/try-again")
async def try_again(message_id: int, visit: TheVisit) -> Response:
    """Try now what failed and waits, and nothing else."""
    done = await impatience.try_again(visit.crisis.db, visit.require(Act.DECIDE_DELIVERY), message_id)
    said = visit.gettext("Det er ingenting som venter på et nytt forsøk.")
    if done.deliveries:
        said = visit.ngettext(
            "Prøver igjen nå: %(num)s utsending. Det som er ute, sendes ikke på nytt.",
            "Prøver igjen nå: %(num)s utsendinger. Det som er ute, sendes ikke på nytt.",
            done.deliveries,
        )
    return visit.to(f"/messages/{message_id}", said=said)


def headline_of(revisions: Sequence[Revision], primary: str) -> str:
    """The newest headline that is out, in the primary language; of a message that nothing was sent of, its draft's."""
    sent = [each for each in revisions if each.state is RevisionState.APPROVED] or list(revisions)
    contents: Mapping[str, Any] = sent[-1].contents if sent else {}
    fields: Mapping[str, Any] = contents.get(primary) or next(iter(contents.values()), {})
    return str(fields.get("headline", ""))


def _is_open(message: Message, standing: Standing, activation: Activation) -> bool:
    """Something may still follow it."""
    return bool(standing.sent) and message.retracted_at is None and activation.state is not ActivationState.STOOD_DOWN


async def _texts(session: AsyncSession, standing: Standing) -> Mapping[int, Sequence[Any]]:
    """``{revision: its texts, as they went out}``: to copy by hand where a channel does not work."""
    wanted = [each.revision_id for each in standing.sent]
    rows = await session.scalars(select(Rendition).where(Rendition.revision_id.in_(wanted)).order_by(Rendition.id))
    found: dict[int, list[Rendition]] = {}
    for row in rows:
        if row.revision_id is not None:
            found.setdefault(row.revision_id, []).append(row)
    return found
