"""Sign-in through the municipality's identity provider, by OpenID Connect: code flow with PKCE, state and nonce.

Who somebody is, is the provider's ``iss`` and ``sub`` and nothing else: a name or an e-mail address there is changed by others
than us. What they may do, follows from one claim through ``CRISIS_OIDC_ROLES``; whoever has none of its values stays outside.
Both are read anew at every sign-in.

**When they showed a factor there** is in the claim ``auth_time``, which OpenID Connect demands of a provider that is asked with
``max_age``, as it always is here. A session counts as confirmed since then, and not since it began: single sign-on may
let somebody in who showed nothing today. Whoever is to confirm that it is them is sent there with ``prompt=login``, and what
comes back counts only if the provider asked them after that, and if it is the same person.

Runbook: *gives no auth_time* in the log means that the provider must be set up to put it into the ID token (in Entra ID: token
configuration, optional claim). Nobody comes in through it until then; passkeys and passwords work.

**When the provider is away** the sign-in page says so, and passkeys, passwords and break-glass codes work as before. What it
said about itself (its discovery document and its keys) is kept for an hour, and asked for again when a key is unknown.
"""

import logging
import time
import warnings
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import httpx
from authlib.deprecate import AuthlibDeprecationWarning
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import SecretStr

from crisis import clock
from crisis.db import Database
from crisis.errors import Invalid, Unready
from crisis.settings import Settings
from crisis.users import ceremonies, sessions
from crisis.users import secret as secrets
from crisis.users.confirmation import SHIFT
from crisis.users.entrance import Browser
from crisis.users.grants import Grant, find_grant, grant_of, name_in
from crisis.users.models import How, Rite, User
from crisis.users.sessions import SignedIn
from crisis.users.subjects import user_of

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
_SLACK = 2  # seconds that whole ones are rounded by, in two figures
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


class NoAuthTime(SignInDenied):
    """The provider does not say when it last asked for a factor. It has to be set up to; see the runbook above."""

    def __init__(self) -> None:
        super().__init__("the provider does not say when the person last showed who they are (auth_time)")


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

    async def begin(self, db: Database, next_path: str, *, again: SignedIn | None = None) -> tuple[str, str]:
        """The browser's secret, and the provider's address to send it to. Raises :class:`ProviderAway`.

        ``again``: who confirms that it is them. The provider is to ask for a factor, even of somebody it knows.
        """
        said = await self._discover()
        verifier, nonce = secrets.new(), secrets.new()
        async with self._client() as client:
            address, state = client.create_authorization_url(
                said["authorization_endpoint"],
                code_verifier=verifier,
                nonce=nonce,
                **({"prompt": "login", "max_age": "0"} if again else {"max_age": str(int(SHIFT.total_seconds()))}),
            )
        held = {
            "state": state,
            "nonce": nonce,
            "verifier": verifier,
            "next": next_path,
            "began": clock.now().timestamp(),
        }
        async with db.transaction() as session:
            begun = await ceremonies.begin(session, Rite.OIDC, again.user_id if again else None, **held)
        return begun, address

    async def finish(
        self, db: Database, begun: str, answer: Mapping[str, str], browser: Browser, *, here: SignedIn | None = None
    ) -> tuple[str, str]:
        """Take what the browser brought back from there; returns the session's secret, and where they were going.

        ``here`` is who is signed in with this browser: confirmed again, they keep their session. Raises
        :class:`SignInDenied`, :class:`NoAuthTime`, :class:`crisis.users.grants.NoRole`, :class:`ProviderAway` and
        :class:`ceremonies.CeremonyOver`.
        """
        async with db.transaction() as session:
            taken = await ceremonies.take(session, Rite.OIDC, begun)
        held = taken.values
        if answer.get("state") != held["state"]:
            raise SignInDenied("the answer belongs to another sign-in")
        if "error" in answer or "code" not in answer:
            raise SignInDenied("the provider said no")
        if answer.get("iss", self._issuer) != self._issuer:
            raise SignInDenied("another provider answered")
        claims = await self._claims(await self._token(answer["code"], held["verifier"]), held["nonce"])
        factor_age = _factor_age(claims)
        grant = find_grant(claims, self._role_claim, self._grants, name_in(claims))
        async with db.transaction() as session:
            user = await user_of(session, self._issuer, claims, grant)
            if taken.user_id is not None:
                _check_confirmed(user, taken.user_id, factor_age, clock.now().timestamp() - held["began"])
            if taken.user_id is None or here is None or here.user_id != user.id:
                factor_at = clock.now() - timedelta(seconds=factor_age)
                agent, address = browser.agent, browser.address
                secret = await sessions.begin_in(
                    session, user, How.OIDC, agent=agent, address=address, factor_at=factor_at
                )
                return secret, held["next"]
        return await sessions.renew(db, here), held["next"]

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


def _factor_age(claims: Mapping[str, Any]) -> float:
    """Seconds from showing a factor to the token, both by the provider's own clock. Raises :class:`NoAuthTime`."""
    at = claims.get("auth_time")
    if isinstance(at, bool) or not isinstance(at, int | float):
        log.warning("the identity provider gives no auth_time: nobody can be let in through it")
        raise NoAuthTime
    return float(max(0, claims["iat"] - at))


def _check_confirmed(user: User, asked_of: int, factor_age: float, under_way: float) -> None:
    """Raise :class:`SignInDenied` unless the one who was asked came back, and showed a factor after they were asked.

    ``under_way``: seconds since they were sent there, by our clock.
    """
    if user.id != asked_of:
        raise SignInDenied("somebody else than the one who was asked came back")
    if factor_age > under_way + _SLACK:
        log.warning("the identity provider did not ask for a factor though it was to")
        raise SignInDenied("the provider did not ask again who it is")
