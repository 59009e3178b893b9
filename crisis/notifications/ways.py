"""Ways: how this municipality can reach its contacts at all. A way that is missing is said, never passed over in silence."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.channels import Capabilities
from crisis.messages import targets
from crisis.mode import Mode
from crisis.settings import Settings


class Lack(StrEnum):
    """Why nobody can tell a contact anything. Shown where it would have stood that they were told."""

    NO_WAY = "no_way"
    """Neither a number nor an address is on record."""
    NO_SENDER = "no_sender"
    """A number, and the web editors have no connected SMS account."""
    NO_MAIL = "no_mail"
    """An address, and no mail server is set (CRISIS_SMTP_HOST)."""


@dataclass(frozen=True, slots=True)
class Ways:
    """What there is to reach people by."""

    sender: int | None
    """The web editors' SMS account."""
    channel: str | None
    """Its channel."""
    has_mail: bool

    def lack(self, *, has_number: bool, has_email: bool) -> Lack | None:
        """Why a contact with these cannot be told; ``None`` where a way is open."""
        if (has_number and self.sender is not None) or (has_email and self.has_mail):
            return None
        if has_number:
            return Lack.NO_SENDER
        return Lack.NO_MAIL if has_email else Lack.NO_WAY


async def find(
    session: AsyncSession, capabilities: Mapping[str, Capabilities], editors_unit: str, *, has_mail: bool
) -> Ways:
    """Those there are now. Text messages go from the account that carries the editors' own messages to people."""
    account = await targets.sender(session, capabilities, editors_unit)
    return Ways(account.id if account else None, account.channel if account else None, has_mail)


async def of(session: AsyncSession, mode: Mode, settings: Settings, capabilities: Mapping[str, Capabilities]) -> Ways:
    """Those of one mode, as the settings have them. An exercise has a mailbox for everybody in the sandbox."""
    has_mail = mode is Mode.EXERCISE or bool(settings.smtp_host)
    return await find(session, capabilities, settings.editors_unit, has_mail=has_mail)
