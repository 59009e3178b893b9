"""What the sandbox accepted, in order and with times: the judge's evidence, and what a restarted sandbox rebuilds from."""

import logging
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import orjson

from adapters.sandbox.exchange import Asked, Verb

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Record:
    """One accepted request. Times are in seconds; ``*_mono`` are ``time.monotonic()``, one clock for all of a machine."""

    index: int
    provider: str
    verb: Verb
    account: str
    reference: str
    to: str | None
    text: str | None
    key: str | None
    """The delivery the sender named in its StatusCallback, where there is one."""
    accepted: float
    accepted_mono: float
    published: float
    """When it became visible; later than ``accepted`` under the fault ``latency``."""
    published_mono: float
    facts: Mapping[str, Any]
    """What else the provider was told, as needed to show the post again."""


def _open_private(path: Path) -> FileIO:
    """Open for appending; readable by nobody else, for there are phone numbers in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "ab+")


class Records:
    """All records, an optional journal of them, and the counts that are kept while they come in."""

    def __init__(self, journal: Path | None = None) -> None:
        self._records: list[Record] = []
        self._next = 0
        self._journal = _open_private(journal) if journal else None
        self.verbs: dict[str, dict[str, int]] = {}
        self._to: set[str] = set()
        self._to_text: set[tuple[str, str]] = set()
        self._keys: set[str] = set()
        self._texts: dict[str, str] = {}

    @property
    def next_index(self) -> int:
        """The index of the record that comes next: a number no post had before."""
        return self._next

    def load(self) -> Iterator[Record]:
        """Read the journal back, oldest first. A last line cut short by a kill was never answered: it is dropped."""
        if self._journal is None:
            return
        self._journal.seek(0)
        content = self._journal.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            log.warning("The sandbox's journal ended in half a line, from a process that was killed; it is dropped.")
            self._journal.truncate(whole)
        for line in content[:whole].splitlines():
            held = orjson.loads(line)
            record = Record(**(held | {"verb": Verb(held["verb"])}))
            self._keep(record)
            yield record

    def accept(
        self,
        asked: Asked,
        provider: str,
        verb: Verb,
        *,
        account: str,
        reference: str,
        to: str | None = None,
        text: str | None = None,
        key: str | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> Record:
        """Record one accepted request, in the journal first: nothing is answered that a restart would forget."""
        if text is not None:
            text = self._texts.setdefault(text, text)
        record = Record(
            self._next, provider, verb, account, reference, to, text, key,
            asked.arrived, asked.arrived_mono, time.time(), time.monotonic(), facts or {},
        )  # fmt: skip
        if self._journal is not None:
            self._journal.write(orjson.dumps(record) + b"\n")
        self._keep(record)
        return record

    def _keep(self, record: Record) -> None:
        self._next = record.index + 1
        self._records.append(record)
        verbs = self.verbs.setdefault(record.provider, {})
        verbs[record.verb] = verbs.get(record.verb, 0) + 1
        if record.provider == "twilio" and record.verb is Verb.CREATE and record.to and record.text is not None:
            self._to.add(record.to)
            self._to_text.add((record.to, record.text))
            if record.key:
                self._keys.add(record.key)

    def page(
        self, *, provider: str | None = None, verb: str | None = None, after: int = -1, limit: int = 1000
    ) -> tuple[list[Record], int]:
        """Records with an index above ``after``, oldest first, and the index to ask after next time."""
        first = self._records[0].index if self._records else 0
        found: list[Record] = []
        for record in self._records[max(0, after + 1 - first) :]:
            after = record.index
            if (provider is None or record.provider == provider) and (verb is None or record.verb == verb):
                found.append(record)
                if len(found) >= limit:
                    break
        return found, after

    def recipients(self) -> dict[str, int]:
        """How many different numbers, texts to numbers and delivery keys Twilio accepted, and how many were repeats."""
        creates = self.verbs.get("twilio", {}).get(Verb.CREATE, 0)
        return {
            "distinct_to": len(self._to),
            "distinct_to_text": len(self._to_text),
            "distinct_keys": len(self._keys),
            "repeats": creates - len(self._to_text),
        }

    def clear(self) -> None:
        """Forget everything, in the journal too. Indices go on from where they were."""
        for held in (self._records, self.verbs, self._to, self._to_text, self._keys, self._texts):
            held.clear()
        if self._journal is not None:
            self._journal.truncate(0)

    def close(self) -> None:
        """Close the journal."""
        if self._journal is not None:
            self._journal.close()
