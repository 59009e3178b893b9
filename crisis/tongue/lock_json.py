"""Lock JSON: the lock board and the lock certificate as scripts read them, from any door, with every sentence in every language."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crisis.activations.models import Activation
from crisis.locks.board import Board, Row
from crisis.locks.certificate import Certificate, Held
from crisis.locks.evidence import Evidence, Need
from crisis.locks.facts import Foreign, Outlet, Pull
from crisis.locks.proof import Proof
from crisis.notifications.standing import Person
from crisis.tongue import locks as words
from crisis.tongue.tongue import Speaker

Speakers = Mapping[str, Speaker]
"""``{language: who says it}``."""


def board(found: Board) -> dict[str, Any]:
    """The board without its rows: counts that add up to ``total``."""
    return {
        "activation": activation(found.activation),
        "read_at": found.read_at,
        "total": len(found.rows),
        "needing": len(found.needing),
        "totals": {state.value: count for state, count in found.totals.items()},
        "coverage": {
            "watched": found.coverage.watched,
            "blind": found.coverage.blind,
            "oldest_look": found.coverage.oldest_look,
        },
    }


def row(each: Row, speakers: Speakers) -> dict[str, Any]:
    """One account of it."""
    return {**outlet(each.outlet), **proof(each.proof, speakers), "people": [person(one) for one in each.people]}


def proof(each: Proof, speakers: Speakers) -> dict[str, Any]:
    """What its lock is worth, what that rests on, and what somebody must do."""
    return {
        "state": each.state.value,
        "words": each.words,
        "at": each.at,
        "needs": [_need(need, speakers) for need in each.needs],
        "evidence": [_evidence(line, speakers) for line in each.evidence],
    }


def certificate(found: Certificate, speakers: Speakers) -> dict[str, Any]:
    """All of it."""
    return {
        "municipality": found.municipality,
        "activation": activation(found.activation),
        "read_at": found.read_at,
        "is_final": found.is_final,
        "permits": {
            "open_at_lock": len(found.permits),
            "drained": len(found.drained),
            "taken_from_dead": len(found.taken),
            "still_open": len(found.still_open),
            "posts": [
                {
                    **_of(each, "delivery_id", "channel", "account", "unit", "text", "host"),
                    **_of(each, "opened_at", "closed_at", "outcome"),
                }
                for each in found.permits
            ],
        },
        "unresolved": [_of(each, "delivery_id", "channel", "account") for each in found.unresolved],
        "accounts": [_held(each, speakers) for each in found.accounts],
        "people": [person(each) for each in found.people],
        "audit": [{**_of(each, "seq", "hash", "action", "at"), "head": each.head} for each in found.entries],
    }


def activation(each: Activation) -> dict[str, Any]:
    """Whose lock it is."""
    return {
        **_of(each, "id", "title", "epoch", "activated_by", "activated_at"),
        **_of(each, "confirmed_at", "stood_down_by", "stood_down_at"),
        "mode": each.mode.value,
        "state": each.state.value,
    }


def outlet(each: Outlet) -> dict[str, Any]:
    """An account, by its number and its name."""
    return _of(each, "id", "channel", "name", "unit", "leader")


def person(each: Person) -> dict[str, Any]:
    """Somebody who answers for an account: by name, and without a way to them."""
    return {
        **_of(each, "contact_id", "unit", "name", "told_at"),
        **_of(each, "acknowledged_at", "acknowledged_by", "acknowledged_way"),
        "part": each.part.value,
    }


def _held(each: Held, speakers: Speakers) -> dict[str, Any]:
    return {
        **outlet(each.outlet),
        "held": {"state": each.held.state.value, "words": each.held.words, "at": each.held.at},
        "now": proof(each.now, speakers),
        "lever": _lever(each.lever) if each.lever is not None else None,
        "breaches": [_breach(breach) for breach in each.breaches],
    }


def _lever(each: Pull) -> dict[str, Any]:
    return {
        "state": each.state.value,
        "taken_from": [right.name for right in each.had],
        "still_in": [right.name for right in each.left],
        **_of(each, "error", "pulled_at", "restored_at"),
    }


def _breach(each: Foreign) -> dict[str, Any]:
    return {
        **_of(each, "id", "posted_at", "text", "author", "url", "handled_by", "handled_at"),
        "state": each.state.value,
    }


def _evidence(each: Evidence, speakers: Speakers) -> dict[str, Any]:
    said = {language: words.evidence(speaker, each, speaker.moment) for language, speaker in speakers.items()}
    return {"kind": each.kind.value, "at": each.at, "sentences": said}


def _need(each: Need, speakers: Speakers) -> dict[str, Any]:
    said = {language: words.need(speaker, each, speaker.moment) for language, speaker in speakers.items()}
    kind = each.kind.name.lower()
    return {"kind": kind, "act": each.act.value, **_of(each, "subject", "at", "url"), "sentences": said}


def _of(each: object, *names: str) -> dict[str, Any]:
    found: dict[str, Any] = {name: getattr(each, name) for name in names}
    assert all(value is None or isinstance(value, str | int | datetime) for value in found.values())  # noqa: S101
    return found
