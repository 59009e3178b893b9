"""A whole exercise: everything that it sends, and where all of that must have come."""

import re
from collections import Counter
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from crisis.activations.service import ActivationLocked
from crisis.bootstrap import Crisis
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests import factories
from tests.faults.stack import Stack
from tests.isolation.tripwire import Tripwire

PEOPLE = 40
MARKER = "ØVELSE ØVELSE ØVELSE"
LIBRARY = Actor("Biblioteket", Role.UNIT, "biblioteket")
PROVIDERS = ("graph", "x", "twilio", "wordpress")


@dataclass(frozen=True)
class Job:
    """A whole exercise: who is told what, and the unit's post that met the lock."""

    activation: int
    blocked_post: int


async def job(crisis: Crisis, tripwire: Tripwire, mode: Mode = Mode.EXERCISE) -> Job:
    """Activate, refuse a unit's post, and send an alert to every channel and to an audience."""
    for channel in ("website", "facebook", "twitter", "sms"):
        await factories.account(crisis, channel, address="Fjordvik" if channel == "sms" else "1000")
    await factories.account(crisis, "wordpress", address=f"{tripwire.url}/wp")
    library = await factories.account(crisis, "facebook", unit="biblioteket", address="4242")
    audience = await factories.audience(crisis, PEOPLE)
    activation = await factories.activation(crisis.db, mode)
    with pytest.raises(ActivationLocked):
        await crisis.posts.publish(LIBRARY, library, "Barselkafé i morgen", mode=mode)
    (post,) = await crisis.posts.list(LIBRARY, mode=mode)
    assert post.state == "blocked"
    approved = await factories.approved_alert(crisis, activation.id, audience_id=audience)
    assert approved.deliveries == {"website": 1, "wordpress": 1, "facebook": 1, "twitter": 1, "sms": PEOPLE}
    return Job(activation.id, post.id)


async def states(crisis: Crisis) -> Counter[tuple[str, str]]:
    """How many deliveries of each channel are in which state."""
    statement = text(
        "SELECT a.channel, d.state, count(*) FROM deliveries d JOIN accounts a ON a.id = d.account_id GROUP BY 1, 2"
    )
    async with crisis.db.transaction() as session:
        return Counter({(channel, state): count for channel, state, count in await session.execute(statement)})


ALL_OUT = {
    ("website", "accepted"): 1,
    ("wordpress", "accepted"): 1,
    ("facebook", "accepted"): 1,
    ("twitter", "accepted"): 1,
    ("sms", "accepted"): PEOPLE,
    ("facebook", "blocked"): 1,
}


def check_the_sandbox(stack: Stack) -> None:
    """All of it came there, marked, and to no number that anybody has."""
    records = {name: stack.sandbox.records(name, "create") for name in PROVIDERS}
    assert {name: len(found) for name, found in records.items()} == {
        "graph": 1,
        "x": 1,
        "twilio": PEOPLE,
        "wordpress": 1,
    }
    for record in (record for found in records.values() for record in found):
        said = " ".join(re.sub(r"<[^>]+>", " ", record["text"]).split())
        assert said.startswith(MARKER), record
    assert len({record["to"] for record in records["twilio"]}) == PEOPLE
    assert all(record["to"].startswith("+999") for record in records["twilio"])
    assert "+47" not in str(records)
