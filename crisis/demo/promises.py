"""Promises: what the demo says, each checked against what the sandbox and the database hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing we say. ``evidence`` is what was found, in figures."""

    name: str
    kept: bool
    evidence: str


@dataclass(slots=True)
class Report:
    """What a demo showed."""

    promises: list[Promise] = field(default_factory=list)
    deliveries: Sequence[Mapping[str, Any]] = ()
    """One per channel, account and language: ``total`` and ``states``."""
    audience: int = 0
    locked_ms: float = 0.0
    """From the director's word to the committed lock."""
    confirmed_ms: float = 0.0
    """From there to the confirmation that nothing is in flight."""
    seconds: float = 0.0
    addresses: Mapping[str, str] = field(default_factory=dict)

    @property
    def kept(self) -> bool:
        """Every promise that was shown was kept, and there were some."""
        return bool(self.promises) and not self.broken

    @property
    def broken(self) -> list[Promise]:
        """Those that were not kept."""
        return [promise for promise in self.promises if not promise.kept]

    def as_json(self) -> dict[str, Any]:
        """The whole of it."""
        return {
            "kept": self.kept,
            "promises": [{"promise": p.name, "kept": p.kept, "evidence": p.evidence} for p in self.promises],
            "audience": self.audience,
            "deliveries": [dict(line) for line in self.deliveries],
            "locked_ms": round(self.locked_ms, 1),
            "confirmed_ms": round(self.confirmed_ms, 1),
            "seconds": round(self.seconds, 1),
            "addresses": dict(self.addresses),
        }
