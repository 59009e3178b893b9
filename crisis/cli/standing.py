"""How accounts stand now, for whoever asks on the command line: what was set for them, and what is wrong with them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.models import Account
from crisis.accounts.service import list_accounts
from crisis.limits import service
from crisis.limits.service import Limited, Trouble
from crisis.messages.rendered import CHANNEL_NAMES
from crisis.mode import Mode


@dataclass(frozen=True, slots=True)
class Standings:
    """Of every account, by its number."""

    limits: Mapping[int, Limited]
    troubles: Mapping[int, Trouble]
    names: Mapping[int, str]

    def described(self, account: Account) -> dict[str, Any]:
        """An account's part of it as JSON."""
        limited = self.limits.get(account.id, Limited(account))
        trouble = self.troubles.get(account.id)
        return {
            "concurrency": limited.concurrency,
            "per_second": limited.per_second,
            "standby_for": limited.standby_for,
            "standby": limited.standby,
            "standing_words": "; ".join(self._words(limited, trouble)),
            "trouble": trouble_described(trouble) if trouble else None,
        }

    def _words(self, limited: Limited, trouble: Trouble | None) -> list[str]:
        words = [*limit_words(limited)]
        if limited.standby_for is not None:
            words.append(f"stands by for {self.names[limited.standby_for]}")
        if limited.standby is not None:
            words.append(f"has the standby {self.names[limited.standby]}")
        return [*words, trouble.sentences["en"]] if trouble else words


async def read(session: AsyncSession, mode: Mode) -> Standings:
    """How every account stands in a mode."""
    found = await read_troubles(session, mode)
    names = {account.id: account.name for account in await list_accounts(session)}
    return Standings(await service.list_limits(session), {each.account_id: each for each in found}, names)


async def read_troubles(session: AsyncSession, mode: Mode) -> list[Trouble]:
    """The accounts that are not as usual, under the names that people call channels by."""
    return [*await service.troubles(session, mode, CHANNEL_NAMES)]


def limit_words(limited: Limited) -> list[str]:
    """``at most 20 at once``, ``at most 5 a second``; nothing where nothing was set."""
    words = []
    if limited.concurrency is not None:
        words.append(f"at most {limited.concurrency:,} at once")
    if limited.per_second is not None:
        words.append(f"at most {limited.per_second:,g} a second")
    return words


def trouble_described(trouble: Trouble) -> dict[str, Any]:
    """What is wrong with an account as JSON; ``sentences`` says it by language."""
    return asdict(trouble)
