"""Cursors: every list comes in pieces, whole and in order."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import text

from crisis import clock
from crisis.audit import chain
from crisis.bootstrap import Crisis
from crisis.roles import Role
from tests import factories
from tests.api.conftest import As
from tests.api.server import Client


async def walk(client: Client, path: str) -> tuple[list[dict], int]:
    """Everything, by following the Link header; and in how many pieces."""
    items, pieces, following = [], 0, path
    while following:
        answer = await client("GET", following)
        assert answer.status == 200, answer.body
        items, pieces = items + answer.json["items"], pieces + 1
        link = answer.headers.get("Link")
        assert bool(link) == bool(answer.json["next"])
        following = link.partition(">")[0].removeprefix("<") if link else ""
        if following:
            assert parse_qs(urlsplit(following).query)["after"] == [answer.json["next"]]
    return items, pieces


async def test_250_posts_come_in_three_pieces(as_role: As, crisis: Crisis) -> None:
    unit = await as_role(Role.UNIT)
    account = await factories.account(crisis, "facebook", unit="biblioteket")
    tomorrow = clock.now() + timedelta(days=1)
    actor = factories.Actor("Biblioteket", Role.UNIT, "biblioteket")
    async with crisis.db.together():
        for number in range(250):
            await crisis.posts.publish(actor, account, f"Nr. {number}", publish_at=tomorrow)
    items, pieces = await walk(unit, "/v1/posts")
    assert [item["text"] for item in items] == [f"Nr. {number}" for number in range(250)]
    assert pieces == 3
    items, pieces = await walk(unit, "/v1/posts?limit=25&mode=actual")
    assert (len(items), pieces) == (250, 10)


async def test_a_piece_that_ends_the_list_exactly_has_no_next(as_role: As, crisis: Crisis) -> None:
    auditor = await as_role(Role.AUDITOR)
    async with crisis.db.transaction() as session:
        for number in range(9):
            await chain.append(session, None, "test", f"entry:{number}")
    items, pieces = await walk(auditor, "/v1/audit?limit=5")
    assert ([item["seq"] for item in items], pieces) == (list(range(1, 11)), 2)


async def test_a_posts_counts_are_whole_wherever_a_piece_ends(as_role: As, crisis: Crisis) -> None:
    unit = await as_role(Role.UNIT)
    account = await factories.account(crisis, "sms", unit="biblioteket", address="Biblioteket")
    audience = await factories.audience(crisis, 10)
    actor = factories.Actor("Biblioteket", Role.UNIT, "biblioteket")
    for number in range(4):
        await crisis.posts.publish(actor, account, f"Nr. {number}", audience_id=audience)
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE deliveries SET state = 'cancelled' WHERE id % 2 = 0"))
    items, pieces = await walk(unit, "/v1/posts?limit=2")
    assert pieces == 2
    assert [item["counts"] for item in items] == [{"cancelled": 5, "ready": 5}] * 4


async def test_lists_in_an_order_of_their_own_are_whole_too(as_role: As, crisis: Crisis) -> None:
    admin = await as_role(Role.ADMIN)
    for unit in ("skole", "bibliotek", "kulturhus"):
        for channel in ("twitter", "facebook"):
            await factories.account(crisis, channel, unit=unit)
    accounts, pieces = await walk(admin, "/v1/accounts?limit=4")
    named = [(account["unit"], account["channel"]) for account in accounts]
    assert (named, pieces, len(named)) == (sorted(named), 2, 6)
    of_unit, _ = await walk(admin, "/v1/accounts?unit=skole")
    assert [account["channel"] for account in of_unit] == ["facebook", "twitter"]
    for number in range(5):
        await admin("POST", "/v1/tokens", {"name": f"skript {number}", "role": "auditor"})
    tokens, _ = await walk(admin, "/v1/tokens?limit=2")
    assert [token["id"] for token in tokens] == [6, 5, 4, 3, 2, 1]
