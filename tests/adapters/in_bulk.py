"""In bulk: the SMS channel as the engine sends through it, made to look like one message at a time."""

import asyncio
from dataclasses import replace

from adapters.sms import Sms
from crisis.channels import AccountRef, ChannelError, ChannelSetup, Mailing, Outgoing, Receipt


class InBulk(Sms):
    """SMS as the engine sends it: what is published goes through one mailing for all that have the same text."""

    def __init__(self, setup: ChannelSetup) -> None:
        super().__init__(setup)
        self._mailings: dict[tuple[str | None, str], Mailing] = {}
        self._awaited: dict[str, asyncio.Future[Receipt | ChannelError]] = {}
        self.told_again: list[str] = []
        """What a mailing said although nobody waited for it: a second time, or after it was abandoned."""

    async def publish(self, account: AccountRef, outgoing: Outgoing) -> Receipt:
        which = (account.address, outgoing.text)
        if which not in self._mailings:
            text = replace(outgoing, key="", to=None, valid_seconds=None)
            self._mailings[which] = self.mailing(account, text, self._ended)
        awaited = self._awaited[outgoing.key] = asyncio.get_running_loop().create_future()
        try:
            self._mailings[which].send(outgoing.key, outgoing.to or "", outgoing.valid_seconds)
            outcome = await awaited
        finally:
            self._awaited.pop(outgoing.key, None)
        if isinstance(outcome, ChannelError):
            raise outcome
        return outcome

    def _ended(self, key: str, outcome: Receipt | ChannelError) -> None:
        awaited = self._awaited.get(key)
        if awaited is None or awaited.done():
            self.told_again.append(key)
        else:
            awaited.set_result(outcome)

    async def close(self) -> None:
        await super().close()
        self._mailings.clear()
        assert self.told_again == []
