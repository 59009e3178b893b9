"""Tokens: make, list and revoke."""

from fastapi import APIRouter

from api.deps import TheCrisis, TokenKeeper, Who
from api.documented import problems
from api.door import Door
from api.paging import At, Page
from api.v1.schemas.shape import Id
from api.v1.schemas.tokens import TokenIn, TokenMade, TokenOut
from crisis.tokens import service

router = APIRouter(prefix="/tokens", tags=["tokens"], route_class=Door, responses=problems(404, 409))


@router.post("", status_code=201, summary="Make a token")
async def create(wanted: TokenIn, crisis: TheCrisis, actor: Who) -> TokenMade:
    """The secret is shown this once. If this answer is lost, revoke the token and make another."""
    token, secret = await service.create_token(
        crisis.db, actor, wanted.name, wanted.role, wanted.unit, wanted.expires_at
    )
    return TokenMade.of(token, secret)


@router.get("", summary="List tokens, newest first")
async def list_tokens(crisis: TheCrisis, _: TokenKeeper, at: At) -> Page[TokenOut]:
    """Revoked and expired ones too."""
    async with crisis.db.transaction() as session:
        rows = await service.list_tokens(session)
    return at.cut(rows, TokenOut.model_validate, lambda row: row.id)


@router.post("/{token_id}/revoke", summary="Revoke a token")
async def revoke(token_id: Id, crisis: TheCrisis, actor: Who) -> TokenOut:
    """Worthless from its next use on."""
    return TokenOut.model_validate(await service.revoke_token(crisis.db, actor, token_id))
