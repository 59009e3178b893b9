"""What every stand-in can do: know a request's verb, answer it, refuse, throttle and fail in its own words."""

from typing import Protocol

from adapters.sandbox.exchange import Answer, Asked, Verb
from adapters.sandbox.faults import Facts, Fault
from adapters.sandbox.records import Record


class Provider(Protocol):
    """One stand-in. It answers at once and out of memory; delays and faults are put around it."""

    name: str

    def verb(self, asked: Asked) -> Verb:
        """What this request asks for."""
        ...

    def facts(self, asked: Asked) -> Facts:
        """Recipient and text of a request, for faults that look for them."""
        ...

    def answer(self, asked: Asked, faults: list[Fault]) -> Answer:
        """Do what is asked and record it; ``faults`` are those about what follows the answer."""
        ...

    def refusal(self, status: int, code: int | str | None, message: str) -> Answer:
        """An error in this provider's shape."""
        ...

    def throttled(self, seconds: float | None) -> Answer:
        """Too many requests: wait so many seconds, or (``None``) without a word on how long."""
        ...

    def failing(self, status: int | None) -> Answer:
        """A server error as this provider words it."""
        ...

    def replay(self, record: Record) -> None:
        """Take over an accepted request from an earlier run."""
        ...

    def clear(self) -> None:
        """Forget all posts."""
        ...
