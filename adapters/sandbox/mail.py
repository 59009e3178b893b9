"""A mailbox for everybody: what an exercise's e-mails come to. It is handed letters over HTTP and never speaks SMTP."""

import hmac
import secrets
from collections import deque
from dataclasses import dataclass
from typing import Final

from adapters.sandbox.exchange import Answer, Asked, Verb, say
from adapters.sandbox.faults import Facts, Fault
from adapters.sandbox.records import Record, Records

KEPT: Final = 200
"""Letters that can be shown; the records have them all."""
FIELDS: Final = ("to", "subject", "text", "message_id")


@dataclass(frozen=True, slots=True)
class Received:
    """One letter. A repeat of it, known by its Message-ID, is the same letter."""

    to: str
    subject: str
    text: str
    message_id: str
    at: float
    times: int


class Mailbox:
    """``POST /mail/letters``."""

    name = "mail"

    def __init__(self, records: Records, *, token: str) -> None:
        self._records, self._token = records, token
        self._letters: dict[str, Received] = {}
        self._order: deque[str] = deque(maxlen=KEPT)

    @property
    def letters(self) -> list[Received]:
        """The newest last."""
        return [self._letters[each] for each in self._order]

    def verb(self, asked: Asked) -> Verb:
        return Verb.CREATE if asked.method == "POST" else Verb.READ

    def facts(self, asked: Asked) -> Facts:
        return asked.fields.get("to"), asked.fields.get("text")

    def answer(self, asked: Asked, faults: list[Fault]) -> Answer:  # noqa: ARG002 - nothing follows a letter
        if not hmac.compare_digest(asked.bearer.encode(), self._token.encode()):
            return self.refusal(401, None, "The sandbox's token is wrong.")
        if asked.method != "POST" or asked.path != "/letters":
            return self.refusal(404, None, f"Nothing at {asked.path}.")
        given = {name: asked.fields.get(name) for name in FIELDS}
        missing = [name for name, value in given.items() if not isinstance(value, str) or not value]
        if missing:
            return self.refusal(422, None, f"A letter needs {', '.join(missing)}.")
        record = self._records.accept(
            asked,
            self.name,
            Verb.CREATE,
            account="mail",
            reference=secrets.token_hex(8),
            to=given["to"],
            text=given["text"],
            key=given["message_id"],
            facts={"subject": given["subject"]},
        )
        self.replay(record)
        return say(201, {"id": record.reference})

    def refusal(self, status: int, code: int | str | None, message: str) -> Answer:
        return say(status, {"code": code, "detail": message})

    def throttled(self, seconds: float | None) -> Answer:
        answer = self.refusal(429, None, "Too many letters.")
        if seconds is not None:
            answer.headers.append((b"retry-after", str(max(1, round(seconds))).encode()))
        return answer

    def failing(self, status: int | None) -> Answer:
        return self.refusal(status or 500, None, "Internal error.")

    def replay(self, record: Record) -> None:
        key = record.key or record.reference
        before = self._letters.get(key)
        letter = Received(
            record.to or "",
            str(record.facts.get("subject", "")),
            record.text or "",
            key,
            record.published,
            before.times + 1 if before else 1,
        )
        if before is None:
            if len(self._order) == KEPT:
                del self._letters[self._order[0]]
            self._order.append(key)
        self._letters[key] = letter

    def clear(self) -> None:
        self._letters.clear()
        self._order.clear()
