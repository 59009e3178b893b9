"""The faults a test or a drill has asked for, and which request each one hits."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from adapters.sandbox.exchange import Verb

Facts = tuple[str | None, str | None]
ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
PAGE = "crisis-page"
"""No provider, but what the public reads. It can be down, and nothing else."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of fault does. ``accepts``: the request is recorded and published all the same."""

    stage: Literal["delay", "answer", "callback"]
    meaning: str
    accepts: bool = False


def _both(name: str, meaning: str) -> dict[str, Kind]:
    return {
        f"{name}_before": Kind("answer", f"{meaning}; not accepted"),
        f"{name}_after": Kind("answer", f"{meaning}; accepted all the same", accepts=True),
    }


KINDS: dict[str, Kind] = {
    "latency": Kind("delay", "accepted on arrival, published and answered after `seconds`"),
    "latency_after": Kind("delay", "published at once, answered after `seconds`", accepts=True),
    "429": Kind("answer", "throttled as this provider does it, with the headers that say until when (`seconds`)"),
    "429_no_header": Kind("answer", "throttled, without a word on until when"),
    "error": Kind("answer", "refused with `status`, `code` and `message` in the provider's own shape"),
    "problem": Kind("answer", "refused with an RFC 9457 problem of `status`, `code` and `message`"),
    **_both("5xx", "a server error in the provider's own JSON (`status`, if not its usual)"),
    **_both("timeout", "no answer; the connection is closed after `seconds` (60)"),
    **_both("drop", "the connection is closed without an answer"),
    **_both("garbage", "the right status and broken JSON"),
    **_both("wrong_type", "the right status and JSON of the wrong type"),
    **_both("huge", "the right status and 50 MB"),
    **_both("html", "502 with a gateway's HTML page"),
    **_both("bare", "503 without a body and without Content-Type"),
    **_both("json_503", "503 with JSON that has no error in it"),
    **_both("drip", "the right answer, one byte every `seconds` (1)"),
    "undelivered": Kind("callback", "the message does not arrive; `code` says why (30003)"),
    "no_callbacks": Kind("callback", "no callback is sent"),
    "late_callback": Kind("callback", "callbacks begin `seconds` later"),
    "duplicate_callbacks": Kind("callback", "every callback comes `copies` times (2)"),
    "shuffled_callbacks": Kind("callback", "callbacks come in the wrong order"),
    "callback_before_response": Kind("callback", "callbacks come before the answer to the create"),
    "forged_callbacks": Kind("callback", "callbacks are signed with the wrong token"),
}
ALIASES = {
    "garbage": "garbage_after",
    "wrong_type": "wrong_type_after",
    "huge": "huge_after",
    "drip": "drip_after",
    "html": "html_before",
    "json_503": "json_503_before",
    "bare": "bare_before",
}
"""Short names. What looks like a success was accepted; what looks like a failure was not."""


class Match(BaseModel):
    """Which requests a fault hits. ``to`` is exact or the number's end, ``text`` a part of the text."""

    model_config = ConfigDict(extra="forbid")

    to: str | None = None
    text: str | None = None
    verb: Literal["create", "edit", "delete", "comment", "right", "read", "write", "any"] = "write"


class Fault(BaseModel):
    """One fault, as posted to ``/sandbox/faults``."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=ID)] | None = None  # of one that is put and taken away by name
    provider: Literal["graph", "x", "twilio", "wordpress", "feeds", "mail", "crisis-page"]
    kind: str
    times: Annotated[int, Field(ge=1)] | None = None  # how many requests it hits; null for all
    share: Annotated[float, Field(gt=0, le=1)] = 1.0  # of the matching requests, at random
    seed: int = 0
    seconds: Annotated[float, Field(ge=0, le=3600)] | None = None
    match: Match = Field(default_factory=Match)
    status: Annotated[int, Field(ge=200, le=599)] | None = None
    code: int | str | None = None
    message: str | None = None
    copies: Annotated[int, Field(ge=2, le=100)] = 2
    hits: int = 0

    _random: random.Random = PrivateAttr(default_factory=random.Random)

    @model_validator(mode="after")
    def _known(self) -> Self:
        self.kind = ALIASES.get(self.kind, self.kind)
        if self.kind not in KINDS:
            raise ValueError(f"no fault is called {self.kind!r}; there are {', '.join([*KINDS, *ALIASES])}")
        if self.does.stage == "callback" and self.provider != "twilio":
            raise ValueError(f"{self.kind} is about callbacks, and only twilio sends those")
        if self.provider == PAGE and self.kind != "bare_before":
            raise ValueError(f"the crisis page can be down (bare), and nothing else: not {self.kind}")
        if isinstance(self.code, str) and self.provider in {"graph", "twilio"}:
            raise ValueError(f"{self.provider}'s error codes are numbers, not {self.code!r}")
        self._random = random.Random(self.seed)  # noqa: S311 - repeatable on purpose
        return self

    @property
    def does(self) -> Kind:
        """What this kind of fault does."""
        return KINDS[self.kind]

    @property
    def spent(self) -> bool:
        """It has hit as often as it should."""
        return self.times is not None and self.hits >= self.times

    def is_as(self, other: "Fault") -> bool:
        """It is the same to whoever meets it, whatever it has hit by now."""
        return self.model_copy(update={"hits": 0}) == other.model_copy(update={"hits": 0})

    def shuffle(self, steps: list[Any]) -> list[Any]:
        """The steps in another order than they had, the same order for the same seed."""
        shuffled = list(steps)
        while len(steps) > 1 and shuffled == steps:
            self._random.shuffle(shuffled)
        return shuffled

    def hits_this(self, verb: Verb, facts: Callable[[], Facts]) -> bool:
        """Decide for one request, and count it when it is hit."""
        if self.spent:
            return False
        wanted = self.match.verb
        if wanted not in {"any", verb} and (wanted != "write" or verb is Verb.READ):
            return False
        if self.match.to is not None or self.match.text is not None:
            to, text = facts()
            if self.match.to is not None and not (to or "").endswith(self.match.to):
                return False
            if self.match.text is not None and self.match.text not in (text or ""):
                return False
        if self.share < 1.0 and self._random.random() >= self.share:
            return False
        self.hits += 1
        return True


@dataclass(slots=True)
class Script:
    """What is to go wrong with one request: delays, at most one bad answer, and any number of callback faults."""

    delays: list[Fault] = field(default_factory=list)
    answer: Fault | None = None
    callbacks: list[Fault] = field(default_factory=list)


class Faults:
    """The faults in force, in the order they were asked for."""

    def __init__(self) -> None:
        self._by_provider: dict[str, list[Fault]] = {}

    def add(self, fault: Fault) -> None:
        """Put a fault in force."""
        self._by_provider.setdefault(fault.provider, []).append(fault)

    def put(self, fault: Fault) -> None:
        """Put a fault with an id in force. The same again changes nothing; another one by this id takes its place."""
        known = next((each for each in self.all() if each.id == fault.id), None)
        if known is not None and known.is_as(fault):
            return
        self.remove(fault.id or "")
        self.add(fault)

    def remove(self, key: str) -> None:
        """Take the fault with this id away. None is there: well."""
        for provider, faults in self._by_provider.items():
            self._by_provider[provider] = [each for each in faults if each.id != key]

    def pick(self, provider: str, verb: Verb, facts: Callable[[], Facts]) -> Script | None:
        """What is to go wrong with this request; ``None`` when nothing is."""
        faults = self._by_provider.get(provider)
        if not faults:
            return None
        script = Script()
        for fault in faults:
            stage = fault.does.stage
            if stage == "callback" and verb is not Verb.CREATE:
                continue
            if (stage == "answer" and script.answer is not None) or not fault.hits_this(verb, facts):
                continue
            if stage == "answer":
                script.answer = fault
            else:
                (script.delays if stage == "delay" else script.callbacks).append(fault)
        return script

    def all(self) -> list[Fault]:
        """Every fault in force or spent."""
        return [fault for faults in self._by_provider.values() for fault in faults]

    def clear(self) -> None:
        """Behave again."""
        self._by_provider.clear()
