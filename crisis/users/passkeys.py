"""Passkeys (WebAuthn): a key in the person's telephone or computer, that signs only for this address.

Always with user verification (a finger, a face, a PIN), so a passkey is two factors by itself. It works while the identity
provider is away, and nobody can be tricked into showing it to another site. Browsers give passkeys to names over https, and
to ``localhost``; not to bare addresses such as 127.0.0.1.
"""

import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from crisis.audit import chain
from crisis.errors import Invalid, NotFound
from crisis.roles import Actor
from crisis.users import ceremonies
from crisis.users.models import Passkey, Rite, User

MOST: Final = 10  # passkeys of one person
NAME_MOST: Final = 60  # characters
_REQUIRED = UserVerificationRequirement.REQUIRED


class PasskeyRefused(Invalid):
    """What the browser brought proves nothing: made for another address, for another question, or not signed right."""

    def __init__(self) -> None:
        super().__init__("The passkey was not accepted, and nobody was signed in. Try again, or sign in another way.")


@dataclass(frozen=True, slots=True)
class Place:
    """The address that passkeys are for."""

    origin: str
    """``https://krise.fjordvik.kommune.no``"""
    host: str
    name: str
    """The municipality's, shown by the browser."""

    @classmethod
    def of(cls, public_url: str, municipality: str) -> "Place | None":
        """From where the desk is reached; None where browsers give no passkeys."""
        parts = urlsplit(public_url)
        host = parts.hostname or ""
        if not host or _is_address(host) or (parts.scheme != "https" and host != "localhost"):
            return None
        return cls(f"{parts.scheme}://{parts.netloc}", host, municipality)


async def offer(session: AsyncSession, place: Place, user: User) -> tuple[str, dict[str, Any]]:
    """Begin adding one: the browser's secret, and what its ``credentials.create`` is given."""
    options = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name=place.name,
        user_id=f"user:{user.id}".encode(),
        user_name=user.login or user.name,
        user_display_name=user.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_REQUIRED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=each.credential_id) for each in await list_passkeys(session, user.id)
        ],
    )
    challenge = bytes_to_base64url(options.challenge)
    begun = await ceremonies.begin(session, Rite.ADD_PASSKEY, user.id, challenge=challenge)
    return begun, json.loads(webauthn.options_to_json(options))


async def add(session: AsyncSession, place: Place, user: User, begun: str, credential: str, name: str) -> Passkey:
    """Keep the passkey that the browser made. ``credential`` is its JSON; ``name`` the device, in the person's words.

    Raises :class:`PasskeyRefused`, :class:`crisis.users.ceremonies.CeremonyOver`, and :class:`Invalid` for the eleventh.
    """
    held = await ceremonies.take(session, Rite.ADD_PASSKEY, begun)
    if held.user_id != user.id:
        raise PasskeyRefused
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(held.values["challenge"]),
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as wrong:
        raise PasskeyRefused from wrong
    if len(await list_passkeys(session, user.id)) >= MOST:
        raise Invalid(f"Nobody needs more than {MOST} passkeys. Remove one first.")
    name = " ".join(name.split())[:NAME_MOST]
    row = Passkey(
        user_id=user.id,
        name=name if name and name.isprintable() else "–",
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
    )
    session.add(row)
    await session.flush()
    await chain.append(session, user.actor, "add_passkey", f"user:{user.id}", name=row.name)
    return row


async def ask(session: AsyncSession, place: Place, user_id: int | None = None) -> tuple[str, dict[str, Any]]:
    """Begin signing in, by whichever passkey the person chooses; or showing one of ``user_id``'s again."""
    allowed = await list_passkeys(session, user_id) if user_id is not None else ()
    options = webauthn.generate_authentication_options(
        rp_id=place.host,
        user_verification=_REQUIRED,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each.credential_id) for each in allowed],
    )
    challenge = bytes_to_base64url(options.challenge)
    begun = await ceremonies.begin(session, Rite.PASSKEY, user_id, challenge=challenge)
    return begun, json.loads(webauthn.options_to_json(options))


async def accept(session: AsyncSession, place: Place, begun: str, credential: str) -> User:
    """Whose passkey signed. Raises :class:`PasskeyRefused`, also for a passkey whose counter went back: it was copied."""
    held = await ceremonies.take(session, Rite.PASSKEY, begun)
    try:
        credential_id = base64url_to_bytes(json.loads(credential)["id"])
    except (ValueError, KeyError, TypeError) as wrong:
        raise PasskeyRefused from wrong
    known = select(Passkey, User).join(User, User.id == Passkey.user_id)
    known = known.where(Passkey.credential_id == credential_id, User.disabled_at.is_(None))
    row = (await session.execute(known.with_for_update(of=Passkey))).one_or_none()
    if row is None or held.user_id not in {None, row.User.id}:
        raise PasskeyRefused
    try:
        shown = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(held.values["challenge"]),
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=row.Passkey.public_key,
            credential_current_sign_count=row.Passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as wrong:
        raise PasskeyRefused from wrong
    used = update(Passkey).where(Passkey.id == row.Passkey.id)
    await session.execute(used.values(sign_count=shown.new_sign_count, last_used_at=func.now()))
    user: User = row.User
    return user


async def list_passkeys(session: AsyncSession, user_id: int) -> Sequence[Passkey]:
    """A person's own, oldest first."""
    return (await session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id))).all()


async def remove(session: AsyncSession, actor: Actor, user_id: int, passkey_id: int) -> None:
    """Take one's own passkey away. Raises :class:`NotFound`, and :class:`Invalid` for the only way in that is left."""
    row = await session.get(Passkey, passkey_id, with_for_update=True)
    if row is None or row.user_id != user_id:
        raise NotFound("passkey", passkey_id)
    user = await session.get(User, user_id, with_for_update=True)
    has_another = len(await list_passkeys(session, user_id)) > 1
    if not has_another and (user is None or (user.password is None and user.subject is None)):
        raise Invalid("This passkey is the only way in that is left. Add another one first, or choose a password.")
    await session.execute(delete(Passkey).where(Passkey.id == passkey_id))
    await chain.append(session, actor, "remove_passkey", f"user:{user_id}", name=row.name)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
