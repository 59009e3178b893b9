"""One-time codes (TOTP, RFC 6238): six digits from an app on the person's telephone, each taken once.

A code holds for its own 30 seconds and for those before and after, since telephones' clocks are not ours. The secret lies
sealed with the credentials key for its user.
"""

import hmac
import re
from datetime import datetime
from typing import Final

import pyotp
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.sealing import Sealer
from crisis.users.models import User

STEP_SECONDS: Final = 30
_AROUND: Final = (0, -1, 1)  # steps: the likeliest first
_CODE = re.compile(r"[0-9]{6}")
_TAKE = text(
    "UPDATE users SET totp_step = :step WHERE id = :id AND (totp_step IS NULL OR totp_step < :step) RETURNING true"
)


def new() -> str:
    """A secret of 160 bits, in the letters and digits that apps take (base32)."""
    return pyotp.random_base32()


def address(secret: str, login: str, municipality: str) -> str:
    """The ``otpauth://`` address that a QR code shows to the app."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=municipality)


def step_of(secret: str, code: str, now: datetime | None = None) -> int | None:
    """The step this code belongs to, if it is a right one at this time. Spaces in it do not count."""
    typed = "".join(code.split())
    if not _CODE.fullmatch(typed):
        return None
    here = int((now or clock.now()).timestamp()) // STEP_SECONDS
    codes = pyotp.TOTP(secret)
    right = [here + off for off in _AROUND if hmac.compare_digest(codes.generate_otp(here + off), typed)]
    return right[0] if right else None


def seal(sealer: Sealer, user_id: int, secret: str) -> bytes:
    """What is kept of it."""
    return sealer.seal(secret, _context(user_id))


def unseal(sealer: Sealer, user_id: int, kept: bytes) -> str:
    """The secret again. Raises :class:`crisis.sealing.CannotOpen`."""
    return sealer.open(kept, _context(user_id))


async def take(session: AsyncSession, sealer: Sealer, user: User, code: str, now: datetime | None = None) -> bool:
    """Whether this is a right code of this user's that was not taken before; if so it is taken now.

    Raises :class:`crisis.sealing.CannotOpen` when the secret was sealed with another key.
    """
    if user.totp is None:
        return False
    step = step_of(unseal(sealer, user.id, user.totp), code, now)
    if step is None:
        return False
    return (await session.execute(_TAKE, {"id": user.id, "step": step})).scalar_one_or_none() is not None


def _context(user_id: int) -> bytes:
    return f"user:{user_id}".encode()
