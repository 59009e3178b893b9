"""Messages: drafts, previews and approval. What is written, read and approved is a revision of a message."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from api.deps import CrisisReader, TheCrisis, Who
from api.documented import problems
from api.door import Door
from api.errors import answer
from api.paging import At, Page
from api.v1.schemas.messages import (
    ApprovedOut,
    ApproveIn,
    HintOut,
    PlanOut,
    ReasonIn,
    RevisionIn,
    RevisionOut,
    SaveIn,
    TextIn,
)
from api.v1.schemas.shape import LARGEST_INT, Id
from crisis.messages import drafts, parts, release

router = APIRouter(prefix="/revisions", tags=["messages"], route_class=Door, responses=problems(404, 409))


@router.post("", status_code=201, summary="Write a draft: alert, update, correction or all_clear")
async def write(draft: RevisionIn, crisis: TheCrisis, actor: Who, response: Response) -> RevisionOut:
    """Nothing goes out before it is approved."""
    revision = await drafts.write(
        crisis.db,
        actor,
        draft.activation_id,
        draft.kind,
        draft.contents,
        crisis.settings.languages,
        message_id=draft.message_id,
        next_update_at=draft.next_update_at,
        audience_id=draft.audience_id,
        channels=draft.channels,
        hazard=draft.hazard,
        finished=draft.finished,
    )
    response.headers["Location"] = f"/v1/revisions/{revision.id}"
    return RevisionOut.model_validate(revision)


@router.get("", summary="List an activation's revisions, oldest first")
async def list_revisions(
    crisis: TheCrisis, _: CrisisReader, at: At, activation_id: Annotated[int, Query(ge=1, le=LARGEST_INT)]
) -> Page[RevisionOut]:
    """Drafts and approved ones, of every message."""
    async with crisis.db.transaction() as session:
        rows = await drafts.revisions(session, activation_id, after=at.after, most=at.most)
    return at.page(rows, RevisionOut.model_validate, lambda row: row.id)


@router.get("/{revision_id}", summary="One revision")
async def get(revision_id: Id, crisis: TheCrisis, _: CrisisReader) -> RevisionOut:
    """Its text in every language, and who wrote and approved it."""
    async with crisis.db.transaction() as session:
        return RevisionOut.model_validate(await drafts.get(session, revision_id))


@router.put("/{revision_id}", summary="Save a draft", response_model=RevisionOut)
async def save(revision_id: Id, draft: SaveIn, crisis: TheCrisis, actor: Who) -> Any:
    """409 when somebody saved in between: ``theirs`` is what is saved now, ``yours`` what you sent. Nothing is lost."""
    try:
        revision = await drafts.save(
            crisis.db,
            actor,
            revision_id,
            draft.built_on,
            draft.contents,
            crisis.settings.languages,
            next_update_at=draft.next_update_at,
            audience_id=draft.audience_id,
            finished=draft.finished,
        )
    except drafts.StaleSave as stale:
        theirs = RevisionOut.model_validate(stale.revision).model_dump(mode="json")
        return answer(stale, theirs=theirs, yours=draft.model_dump(mode="json"))
    return RevisionOut.model_validate(revision)


@router.get("/{revision_id}/preview", summary="See a revision exactly as each channel would carry it")
async def preview(revision_id: Id, crisis: TheCrisis, actor: Who) -> PlanOut:
    """Every text, how many deliveries per channel, and everything that stops it. Changes nothing."""
    return PlanOut.of(await crisis.desk.preview(actor, revision_id))


@router.put("/{revision_id}/texts/{language}", summary="Save one language of a draft", response_model=RevisionOut)
async def save_text(
    revision_id: Id, language: Annotated[str, Path(max_length=20)], text: TextIn, crisis: TheCrisis, actor: Who
) -> Any:
    """As typed so far. Editors who write in different languages never collide; 409 when somebody saved this one in between, with
    both texts.
    """
    languages = crisis.settings.languages
    try:
        revision = await parts.save_text(crisis.db, actor, revision_id, language, text.built_on, text.fields, languages)
    except parts.StalePart as stale:
        return answer(stale, theirs=dict(stale.theirs), yours=dict(stale.yours), saves=stale.saves)
    return RevisionOut.model_validate(revision)


@router.get("/{revision_id}/hints", summary="What to look at before sending")
async def hints(revision_id: Id, crisis: TheCrisis, actor: Who) -> list[HintOut]:
    """At most five, the worst first. None of them stops anything; those that are left go on record with the approval."""
    return [HintOut.of(hint) for hint in await crisis.desk.hints(actor, revision_id)]


@router.post("/{revision_id}/submit", summary="Send a draft for approval")
async def submit(revision_id: Id, crisis: TheCrisis, actor: Who) -> RevisionOut:
    """It is held still from here on. Needed where two people release a message; see `CRISIS_TWO_PEOPLE`."""
    return RevisionOut.model_validate(await release.submit(crisis.db, actor, revision_id))


@router.post("/{revision_id}/take-back", summary="Make what waits for approval a draft again")
async def take_back(revision_id: Id, crisis: TheCrisis, actor: Who) -> RevisionOut:
    """To change it. 409 when it does not wait."""
    return RevisionOut.model_validate(await release.take_back(crisis.db, actor, revision_id))


@router.post("/{revision_id}/send-back", summary="Return what waits to those who wrote it")
async def send_back(revision_id: Id, why: ReasonIn, crisis: TheCrisis, actor: Who) -> RevisionOut:
    """With what is to be changed."""
    return RevisionOut.model_validate(await release.send_back(crisis.db, actor, revision_id, why.reason))


@router.post("/{revision_id}/approve", summary="Approve: freeze the draft and send it")
async def approve(revision_id: Id, crisis: TheCrisis, actor: Who, how: ApproveIn | None = None) -> ApprovedOut:
    """To every connected account of the web editors and to the revision's audience, in one transaction. 409 when the very same
    went out within a minute; 403 where somebody else than its authors is to release it.
    """
    return ApprovedOut.of(await crisis.desk.approve(actor, revision_id, how.leave_out if how else ()))
