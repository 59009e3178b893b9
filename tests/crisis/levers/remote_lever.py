"""A channel with a lever, over HTTP: the port's own protocol against the platform of these tests."""

from collections.abc import Sequence
from typing import Any

import aiohttp

from crisis.accounts.models import Account
from crisis.channel_access import Access, Right
from crisis.channels import AccountRef, Capabilities, Gone, OutcomeUnknown, Rejected, Unavailable, Unsupported
from tests.crisis.levers.platform import PUBLISHES


class RemoteLever:
    """Knows what a channel must for its lever, and nothing of publishing."""

    name = "facebook"
    admin_credentials: Sequence[str] = ("token",)

    def __init__(self, url: str, *, is_reversible: bool = True, call_seconds: float = 5.0) -> None:
        self.capabilities = Capabilities(call_seconds=call_seconds)
        self.is_reversible = is_reversible
        self._url = url

    async def inspect(self, account: AccountRef) -> Access:
        held = await self._call("GET", f"/{account.address}")
        return Access(
            tuple(
                Right(
                    number,
                    person["name"],
                    tuple(person["rights"]),
                    PUBLISHES in person["rights"],
                    person["is_removable"],
                )
                for number, person in held.items()
            ),
            {"people": str(len(held))},
        )

    async def revoke(self, account: AccountRef, access: Access) -> None:
        for right in access.open_to:
            if right.is_removable:
                await self._call("PUT", f"/{account.address}/{right.id}", ["read"])

    async def restore(self, account: AccountRef, access: Access) -> None:
        if self.is_reversible:
            for right in access.rights:
                await self._call("PUT", f"/{account.address}/{right.id}", list(right.rights))

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.request(method, self._url + path, json=body) as answer,
            ):
                said = await answer.json()
        except aiohttp.ClientConnectorError as error:
            raise Unavailable(f"Nobody answers: {error.strerror}.") from error
        if answer.status == 404:
            raise Gone(f"The platform has no such account: {said}.")
        if answer.status == 403:
            raise Rejected(f"The platform refused: {said}.")
        if answer.status != 200:
            raise OutcomeUnknown(f"The platform answered {answer.status}.")
        return said


def admin(row: Account) -> AccountRef:
    """Opens the administrator's credentials of these tests: there are some where the account has any."""
    if row.admin_credentials is None:
        raise Unsupported("No administrator's credentials.")
    return AccountRef(row.id, row.channel, row.name, row.address, {"token": "of a test"})
