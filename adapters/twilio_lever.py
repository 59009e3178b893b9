"""Twilio's lever: the sub-account that a unit sends SMS through, suspended and active again.

Twilio lets a parent account suspend a sub-account, and nothing goes out through a suspended one; ``active`` undoes it
(twilio.com, Account resource). A sub-account that is ``closed`` is so for good, and counts as gone.
"""

import re

from adapters.transport import Guard
from adapters.twilio_account import ADMIN_CREDENTIALS
from adapters.twilio_rest import Login, TwilioRest, segment
from crisis.channel_access import Access, Right
from crisis.channels import AccountRef, ChannelSetup, Gone, Misconfigured, OutcomeUnknown

CONCURRENCY = 32
ACTIVE, SUSPENDED, CLOSED = "active", "suspended", "closed"
_SID = re.compile(r"AC[A-Za-z0-9]{32}")


class SubAccountLever:
    """The :class:`~crisis.channel_access.Lever` of SMS accounts whose unit has a sub-account."""

    admin_credentials = ADMIN_CREDENTIALS
    is_reversible = True

    def __init__(self, setup: ChannelSetup) -> None:
        guard = Guard(setup.allowed_hosts)
        seconds = setup.call_seconds
        self._rest = TwilioRest(
            setup.twilio_url, guard, concurrency=CONCURRENCY, call_seconds=seconds, name="twilio-lever"
        )
        self._ours = {setup.twilio_account_sid, setup.twilio_second_account_sid} - {""}

    async def inspect(self, account: AccountRef) -> Access:
        sid, login = self._office(account)
        held, _ = await self._rest.ask(login, "GET", f"{segment(sid)}.json")
        status = held.get("status")
        if held.get("sid") != sid or not isinstance(status, str):
            raise OutcomeUnknown("Twilio answered with something else than the sub-account.")
        if status == CLOSED:
            raise Gone("The sub-account is closed at Twilio, for good.")
        name = str(held.get("friendly_name") or sid)
        return Access((Right(sid, name, (status,), can_publish=status == ACTIVE),), {"sub-account": status})

    async def revoke(self, account: AccountRef, access: Access) -> None:
        if any(each.is_removable for each in access.open_to):
            await self._set(account, SUSPENDED)
        else:
            self._office(account)

    async def restore(self, account: AccountRef, access: Access) -> None:
        """Its status again: one that was suspended before stays suspended."""
        for right in access.open_to:
            await self._set(account, right.rights[0])

    def close(self) -> None:
        """Release threads and connections."""
        self._rest.close()

    async def _set(self, account: AccountRef, status: str) -> None:
        sid, login = self._office(account)
        held, _ = await self._rest.ask(login, "POST", f"{segment(sid)}.json", form={"Status": status})
        if held.get("sid") != sid or held.get("status") != status:
            raise OutcomeUnknown(f"Twilio did not confirm that the sub-account is {status}; read it back.")

    def _office(self, account: AccountRef) -> tuple[str, Login]:
        sid, parent, token = (account.credentials.get(name, "").strip() for name in self.admin_credentials)
        if not _SID.fullmatch(sid) or not parent or not token:
            raise Misconfigured(
                f"The SMS account {account.name!r} lacks the SID of its sub-account at Twilio, or the SID and token of the account "
                "above it. Nothing was changed."
            )
        if sid == parent or sid in self._ours:
            raise Misconfigured(
                f"The sub-account of {account.name!r} is the account that this service sends through. Nothing was changed. "
                "Give the unit a sub-account of its own: suspending ours would silence every SMS."
            )
        return sid, Login(parent, token)
