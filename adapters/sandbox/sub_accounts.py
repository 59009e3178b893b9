"""Sub-accounts at Twilio: each is there as soon as somebody names it, active until its parent suspends it."""

import re
from base64 import b64encode

from adapters.sandbox.exchange import Answer, Asked, Verb, say
from adapters.sandbox.records import Record, Records
from adapters.sandbox.scene import Scene
from adapters.sandbox.sms import API

SID = re.compile(rf"^/{API}/Accounts/(AC[0-9A-Za-z]{{32}})(\.json|/Messages\.json)$")
STATUSES = frozenset({"active", "suspended", "closed"})


class SubAccounts:
    """All of them, below one parent."""

    def __init__(self, records: Records, scene: Scene, *, parent: str, provider: str) -> None:
        self._records, self._scene, self._parent, self._provider = records, scene, parent, provider
        self._status: dict[str, str] = {}

    def status(self, sid: str) -> str:
        """Where one is."""
        return self._status.get(sid, "active")

    def set(self, sid: str, status: object, asked: Asked) -> None:
        """Let one be so. Raises :class:`ValueError` for what Twilio has no word for."""
        if status not in STATUSES:
            raise ValueError(f"a sub-account is {', '.join(sorted(STATUSES))}, and not {status!r}")
        facts = {"status": status}
        self.replay(self._records.accept(asked, self._provider, Verb.RIGHT, account=sid, reference=sid, facts=facts))

    def answer(self, asked: Asked, sid: str) -> Answer | int:
        """The Account resource, or Twilio's code of why not. The parent asks; itself it can only read."""
        if sid in self._scene.gone:
            return 20404
        if asked.method != "POST":
            return say(200, self._show(sid, self.status(sid)))
        status = asked.fields.get("Status")
        if sid == self._parent or status not in STATUSES or self.status(sid) == "closed":
            return 20001
        if not self._scene.is_lying:
            self.set(sid, status, asked)
        return say(200, self._show(sid, str(status)))

    def sends(self, asked: Asked, sid: str) -> int | None:
        """Why an SMS that a sub-account wants to send itself is refused; ``None`` when it is not."""
        user = asked.basic
        if sid in self._scene.gone or user is None or user[0] != sid:
            return 20003
        return None if self.status(sid) == "active" else 20005

    def replay(self, record: Record) -> None:
        """Take over what was accepted."""
        self._status[record.reference] = record.facts["status"]

    def clear(self) -> None:
        """All are active."""
        self._status.clear()

    def _show(self, sid: str, status: str) -> dict[str, object]:
        return {
            "sid": sid,
            "friendly_name": "Krisetjenesten" if sid == self._parent else f"Underkonto {sid[-4:]}",
            "status": status,
            "type": "Full",
            "owner_account_sid": self._parent,
            "uri": f"/{API}/Accounts/{sid}.json",
        }


def basic(account: str, token: str) -> str:
    """An Authorization header."""
    return "Basic " + b64encode(f"{account}:{token}".encode()).decode()
