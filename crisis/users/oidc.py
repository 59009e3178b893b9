"""Sign-in through the municipality's identity provider, by OpenID Connect: code flow with PKCE, state and nonce.

Who somebody is, is the provider's ``iss`` and ``sub`` and nothing else: a name or an e-mail address there is changed by others
than us. What they may do, follows from one claim through ``CRISIS_OIDC_ROLES``; whoever has none of its values stays outside.
Both are read anew at every sign-in.

**When the provider is away** the sign-in page says so, and passkeys, passwords and break-glass codes work as before. What it
said about itself (its discovery document and its keys) is kept for an hour, and asked for again when a key is unknown.
"""

import logging
import time
import warnings
from collections.abc import Mapping
from typing import Any, Final

import httpx
from authlib.deprecate import AuthlibDeprecationWarning
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Invalid, Unready
from crisis.settings import Settings
from crisis.users import ceremonies, sessions
from crisis.users import secret as secrets
from crisis.users.entrance import Browser
from crisis.users.grants import Grant, NoRole, find_grant, grant_of, name_in
from crisis.users.models import How, Rite, User

with warnings.catch_warnings():
    # Authlib has begun to prefer a fork of httpx that hardly anybody ships yet.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.common.errors import AuthlibBaseError
    from authlib.integrations.httpx_client import AsyncOAuth2Client

log = logging.getLogger(__name__)

SCOPE: Final = "openid profile"
CALLBACK: Final = "/login/oidc/callback"
KEPT_SECONDS: Final = 3600.0
_SECONDS = 8.0  # for each of the provider's answers
_LEEWAY = 60  # seconds that its clock may differ from ours
_ALGORITHMS = ("RS256", "ES256", "PS256", "EdDSA", "RS384", "RS512", "ES384", "ES512", "PS384", "PS512")


class ProviderAway(Unready):
    """The identity provider does not answer, or not as one. The other ways in still work."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The identity provider does not answer as it should ({why}). Nobody was signed in. Sign in with a passkey, with "
            "login and password, or with a break-glass code; or try again."
        )


class SignInDenied(Invalid):
    """The provider said no, or what came back does not belong to what was begun here."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The sign-in through the identity provider came to nothing: {why}. Begin again.")


class Oidc:
    """One identity provider. ``None`` from :meth:`of` where none is configured."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: SecretStr | None,
        redirect_url: str,
        role_claim: str,
        grants: Mapping[str, Grant],
    ) -> None:
        self._issuer, self._client_id, self._client_secret = issuer, client_id, client_secret
        self._redirect_url, self._role_claim, self._grants = redirect_url, role_claim, grants
        self._said: Mapping[str, Any] = {}
        self._keys: KeySet | None = None
        self._asked_at = float("-inf")

    @classmethod
    def of(cls, settings: Settings) -> "Oidc | None":
        """The provider that the settings name. Raises :class:`crisis.errors.Invalid` for roles that there are none of."""
        if not settings.oidc_issuer:
            return None
        grants = {value: grant_of(said, settings.editors_unit) for value, said in settings.oidc_roles.items()}
        return cls(
            settings.oidc_issuer,
            settings.oidc_client_id,
            settings.oidc_client_secret,
            settings.public_url.rstrip("/") + CALLBACK,
            settings.oidc_role_claim,
            grants,
        )

    async def begin(self, db: Database, next_path: str, *, again: bool = False) -> tuple[str, str]:
        """The browser's secret, and the provider's address to send it to. Raises :class:`ProviderAway`.

        ``again``: the provider is to ask for a factor, even of somebody it knows.
        """
        said = await self._discover()
        verifier, nonce = secrets.new(), secrets.new()
        async with self._client() as client:
            address, state = client.create_authorization_url(
                said["authorization_endpoint"],
                code_verifier=verifier,
                nonce=nonce,
                **({"prompt": "login"} if again else {}),
            )
        async with db.transaction() as session:
            begun = await ceremonies.begin(
                session, Rite.OIDC, state=state, nonce=nonce, verifier=verifier, next=next_path
            )
        return begun, address

    async def finish(self, db: Database, begun: str, answer: Mapping[str, str], browser: Browser) -> tuple[str, str]:
        """Take what the browser brought back from there; returns the session's secret, and where they were going.

        Raises :class:`SignInDenied`, :class:`NoRole`, :class:`ProviderAway` and :class:`ceremonies.CeremonyOver`.
        """
        async with db.transaction() as session:
            held = (await ceremonies.take(session, Rite.OIDC, begun)).values
        if answer.get("state") != held["state"]:
            raise SignInDenied("the answer belongs to another sign-in")
        if "error" in answer or "code" not in answer:
            raise SignInDenied("the provider said no")
        if answer.get("iss", self._issuer) != self._issuer:
            raise SignInDenied("another provider answered")
        claims = await self._claims(await self._token(answer["code"], held["verifier"]), held["nonce"])
        grant = find_grant(claims, self._role_claim, self._grants, name_in(claims))
        async with db.transaction() as session:
            user = await _person(session, self._issuer, claims, grant)
            secret = await sessions.begin_in(session, user, How.OIDC, agent=browser.agent, address=browser.address)
        return secret, held["next"]

    async def _token(self, code: str, verifier: str) -> str:
        said = await self._discover()
        try:
            async with self._client() as client:
                token = await client.fetch_token(
                    said["token_endpoint"], code=code, code_verifier=verifier, grant_type="authorization_code"
                )
        except AuthlibBaseError as refused:
            log.warning("the identity provider refused a code: %s", refused.error)
            raise SignInDenied("the provider refused its own code") from refused
        except (httpx.HTTPError, ValueError) as away:
            raise ProviderAway(type(away).__name__) from away
        if not isinstance(token, Mapping) or not isinstance(token.get("id_token"), str):
            raise ProviderAway("no ID token")
        return str(token["id_token"])

    async def _claims(self, id_token: str, nonce: str) -> Mapping[str, Any]:
        """What the ID token says, once its signature, issuer, audience, times and nonce are right."""
        registry = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        for again in (False, True):
            await self._discover(again=again)
            try:
                token = jwt.decode(id_token, self._the_keys(), algorithms=list(_ALGORITHMS))
                registry.validate(token.claims)
            except (JoseError, ValueError) as wrong:
                if again:
                    log.warning("an ID token was refused: %s", type(wrong).__name__)
                    raise SignInDenied("the provider's token is not right") from wrong
                continue  # its keys may be new
            break
        claims = token.claims
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", self._client_id if not several else None) != self._client_id:
            raise SignInDenied("the token is for somebody else")
        return claims

    async def _discover(self, *, again: bool = False) -> Mapping[str, Any]:
        if self._said and not again and time.monotonic() - self._asked_at < KEPT_SECONDS:
            return self._said
        address = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            async with httpx.AsyncClient(timeout=_SECONDS, follow_redirects=False) as client:
                said = (await client.get(address)).raise_for_status().json()
                if said["issuer"] != self._issuer:
                    raise ProviderAway("it says that it is another")
                keys = KeySet.import_key_set((await client.get(said["jwks_uri"])).raise_for_status().json())
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as away:
            log.warning("the identity provider does not answer: %s", type(away).__name__)
            raise ProviderAway(type(away).__name__) from away
        self._said, self._keys, self._asked_at = said, keys, time.monotonic()
        return self._said

    def _the_keys(self) -> KeySet:
        assert self._keys is not None  # noqa: S101 - what discovery brought
        return self._keys

    def _client(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            client_id=self._client_id,
            client_secret=self._client_secret.get_secret_value() if self._client_secret else None,
            token_endpoint_auth_method="client_secret_basic" if self._client_secret else "none",
            scope=SCOPE,
            redirect_uri=self._redirect_url,
            code_challenge_method="S256",
            timeout=_SECONDS,
        )


async def _person(session: AsyncSession, issuer: str, claims: Mapping[str, Any], grant: Grant) -> User:
    """The user with this subject, with the name and the role that the provider gives them now; a new one if need be."""
    subject, name = str(claims["sub"]), name_in(claims)
    known = select(User).where(User.issuer == issuer, User.subject == subject).with_for_update()
    user = (await session.scalars(known)).one_or_none()
    if user is not None and user.disabled_at is not None:
        raise NoRole(name)
    if user is None:
        user = User(
            name=name, role=grant.role, unit=grant.unit, issuer=issuer, subject=subject, created_by="identity provider"
        )
        session.add(user)
        action = "add_user"
    elif (user.name, user.role, user.unit) != (name, grant.role, grant.unit):
        user.name, user.role, user.unit = name, grant.role, grant.unit
        action = "change_user"
    else:
        return user
    await session.flush()
    await chain.append(
        session,
        None,
        action,
        f"user:{user.id}",
        by="identity provider",
        name=name,
        user_role=grant.role.value,
        unit=grant.unit,
    )
    return user
