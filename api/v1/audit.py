"""The audit log: read it, and prove that it is whole."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import AuditReader, TheCrisis
from api.documented import problems
from api.door import Door
from api.paging import At, Page
from api.v1.schemas.audit import EntryOut, VerdictOut
from crisis.audit import chain

router = APIRouter(prefix="/audit", tags=["audit"], route_class=Door, responses=problems())


@router.get("", summary="List the log's entries, oldest first")
async def list_entries(crisis: TheCrisis, _: AuditReader, at: At) -> Page[EntryOut]:
    """With the hashes, so that anybody can check the chain for themselves."""
    rows: list[tuple[int, str, bytes]] = []
    async with crisis.db.transaction() as session:
        async for entry in chain.entries(session, at.after, at.most):
            rows.append(entry)
            if len(rows) == at.most:
                break
    return at.page(rows, EntryOut.of, lambda row: row[0])


@router.get("/verify", summary="Recompute the whole chain")
async def verify(
    crisis: TheCrisis, _: AuditReader, head: Annotated[str | None, Query(max_length=100)] = None
) -> VerdictOut:
    """``head`` is one that an earlier verification gave; the chain must still contain it."""
    async with crisis.db.transaction() as session:
        return VerdictOut.model_validate(await chain.verify(session, head))
