"""Promise P6 at random: whatever crashes wherever, nobody ever gets an older revision after a newer one, and each ends with the
newest that was meant for them.

A story that goes wrong is printed with its seed and its steps. ``ORDER_STORIES=5000`` plays so many (40).
"""

import asyncio
import os
import secrets
from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as Size  # noqa: N812 - our own settings have the name
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.bootstrap import crisis_of
from crisis.db import no_bell
from crisis.deliveries.claims import Claimed
from crisis.lanes import Lane
from crisis.limits.takes import Take
from crisis.settings import Settings
from tests.conftest import make_database
from tests.crisis.deliveries.hands import Claim, claim
from tests.crisis.deliveries.story import Story

STORIES = int(os.environ.get("ORDER_STORIES", "40"))
LONG = STORIES > 40
STEPS = st.lists(st.integers(0, 999), min_size=12, max_size=36)
SEEDS = st.integers(0, 1_000_000)
MEETINGS = 20

_CLAIM_WHATEVER_FLIES = text(
    """
    UPDATE deliveries d SET state = 'leased', lease = :lease, lease_until = now() + interval '30 seconds'
    WHERE id IN (SELECT id FROM deliveries WHERE lane = :lane AND state IN ('ready', 'retry_wait') AND due_at <= now()
                 ORDER BY due_at, id LIMIT :most FOR UPDATE SKIP LOCKED)
    RETURNING d.id, d.rendition_id, d.account_id, d.recipient_id, NULL, NULL, NULL, d.attempts
    """
)


async def overtake(session: AsyncSession, lane: Lane, lease: UUID, most: int, take: Take) -> list[Claimed]:  # noqa: ARG001
    """Wrong: takes what is due without a look at what is in flight to the same person."""
    rows = await session.execute(_CLAIM_WHATEVER_FLIES, {"lease": lease, "lane": lane.value, "most": most})
    return [Claimed(*row) for row in rows]


@pytest.fixture
async def own(server_url: str, settings: Settings) -> Settings:
    """Settings with a database for this test alone."""
    url = await make_database(server_url, f"order_{os.getpid()}_{secrets.token_hex(4)}")
    return Settings(**settings.model_dump() | {"database_url": url})


@pytest.mark.timeout(300 if not LONG else 60 + 2 * STORIES)
async def test_nobody_gets_an_older_revision_after_a_newer_one(own: Settings) -> None:
    assert await asyncio.to_thread(play, own, STORIES) >= STORIES, "not all of them were played to their end"


async def test_a_newer_one_waits_for_an_older_one_in_flight(own: Settings) -> None:
    assert await asyncio.to_thread(meet, own, claim) == MEETINGS


async def test_a_sender_that_overtakes_what_is_in_flight_is_caught(own: Settings) -> None:
    with pytest.raises(AssertionError, match="got revision 1 after revision 2"):
        await asyncio.to_thread(meet, own, overtake)


def meet(settings: Settings, claiming: Claim) -> int:
    """Stories in which something newer is due while the alert is in flight, and the provider takes the newest first. In how many
    of them nobody claimed it for those whom the alert was on its way to. A wrong end is raised.
    """
    with asyncio.Runner() as runner:
        crisis = crisis_of(settings, bell=no_bell)
        story = Story(crisis, claiming)
        runner.run(story.build())
        try:
            return sum(runner.run(waits(story, seed)) for seed in range(MEETINGS))
        finally:
            runner.run(crisis.db.close())


async def waits(story: Story, seed: int) -> bool:
    await story.begin(seed)
    hands, scene = story.hands, story.scene
    for act in (hands.claim_texts, hands.start, story.editors.follow_up, hands.claim_texts):
        await act()
        await scene.read()
    flying = {scene.who(call.delivery) for hand in hands.working for call in hand.calls}
    claimed = {scene.who(delivery) for hand in hands.working for delivery in hand.claimed}
    if claimed:
        await hands.start()
    hands.the_newest_calls_end_first()
    await story.ends()
    return bool(flying) and not flying & claimed


def play(settings: Settings, stories: int) -> int:
    """So many stories, one after the other; how many came to their end. A wrong one is raised."""
    ended = 0
    with asyncio.Runner() as runner:
        crisis = crisis_of(settings, bell=no_bell)
        story = Story(crisis)
        runner.run(story.build())

        @Size(
            max_examples=stories,
            print_blob=True,
            report_multiple_bugs=False,
            database=None,
            phases=[phase for phase in Phase if LONG or phase not in {Phase.shrink, Phase.explain}],
            suppress_health_check=list(HealthCheck),
        )
        @given(seed=SEEDS, steps=STEPS)
        def stories_hold(seed: int, steps: Sequence[int]) -> None:
            nonlocal ended
            runner.run(one(story, seed, steps))
            ended += 1

        try:
            stories_hold()
        finally:
            runner.run(crisis.db.close())
    return ended


async def one(story: Story, seed: int, steps: Sequence[int]) -> None:
    await story.begin(seed)
    for pick in steps:
        await story.goes_on(pick)
    await story.ends()
