"""X's lever and watch over a real socket: what is asked, and what the answers are taken for."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from adapters.twitter import Twitter, build
from crisis.channel_access import Access, Right
from crisis.channels import Gone, Misconfigured, OutcomeUnknown, Throttled
from tests.adapters.contract import ENOUGH_SECONDS
from tests.adapters.scripted import Answer, Scripted
from tests.adapters.setups import CONSUMER_KEY, a_setup
from tests.adapters.x_answers import ACCOUNT, POST, USER, live, problem, timeline

TOOL = {"tool_key": "KEY", "tool_secret": "SECRET", "tool_token": f"{USER}-TOOL", "tool_token_secret": "TOKENSECRET"}
ADMIN = replace(ACCOUNT, credentials=TOOL)
ACCESS = Access((Right("token", "The tool", ("token",)),))


@pytest.fixture
async def channel(server: Scripted) -> AsyncIterator[Twitter]:
    made = build(a_setup(server.url, server.address, call_seconds=ENOUGH_SECONDS))
    yield made
    await made.close()


def verified(user: str = USER) -> Answer:
    return Answer(200, {"id_str": user, "screen_name": "fjordvikbib"})


def unauthorised(code: int) -> Answer:
    return Answer(401, {"errors": [{"code": code, "message": "no"}]})


async def test_the_tool_and_those_no_interface_removes_are_named(channel: Twitter, server: Scripted) -> None:
    server.script(verified())
    access = await channel.inspect(ADMIN)
    assert [(each.id, each.is_removable) for each in access.open_to] == [("token", True), ("sign-in", False)]
    assert [each.name for each in access.rights] == ["@fjordvikbib", ACCOUNT.name]
    assert access.facts == {"delegates": "x.com/settings", "token": "active"}
    (seen,) = server.requests
    assert (seen.method, seen.path) == ("GET", "/1.1/account/verify_credentials.json")
    assert f'oauth_token="{USER}-TOOL"' in seen.headers["authorization"]
    assert 'oauth_consumer_key="KEY"' in seen.headers["authorization"]


async def test_revoked_is_read_from_xs_own_code_and_from_nothing_else(channel: Twitter, server: Scripted) -> None:
    server.script(unauthorised(89), unauthorised(32), problem(401))
    access = await channel.inspect(ADMIN)
    assert [each.id for each in access.open_to] == ["sign-in"]
    assert access.facts["token"] == "revoked"
    for _ in range(2):  # a wrong key of the app is no proof that nobody can post
        with pytest.raises(Misconfigured):
            await channel.inspect(ADMIN)


async def test_a_token_of_somebody_elses_account_is_not_touched(channel: Twitter, server: Scripted) -> None:
    server.script(verified("1"))
    with pytest.raises(Misconfigured, match="not for the account"):
        await channel.inspect(ADMIN)


async def test_the_token_is_invalidated_as_itself_and_twice_is_once(channel: Twitter, server: Scripted) -> None:
    server.script(Answer(200, {"access_token": "x"}), unauthorised(89))
    await channel.revoke(ADMIN, ACCESS)
    await channel.revoke(ADMIN, ACCESS)
    assert [(seen.method, seen.path) for seen in server.requests] == [("POST", "/1.1/oauth/invalidate_token.json")] * 2
    assert "oauth_token" not in server.requests[0].target


async def test_a_yes_that_names_no_token_is_unknown(channel: Twitter, server: Scripted) -> None:
    server.script(Answer(200, {"errors": [{"code": 1, "message": "odd"}]}))
    with pytest.raises(OutcomeUnknown):
        await channel.revoke(ADMIN, ACCESS)


async def test_nothing_is_given_back_for_nothing_can_be(channel: Twitter, server: Scripted) -> None:
    assert channel.is_reversible is False
    await channel.restore(ADMIN, ACCESS)
    assert server.requests == []


@pytest.mark.parametrize("changes", [{"tool_key": CONSUMER_KEY}, {"tool_token": ""}, {"tool_secret": "æ"}])
async def test_our_own_apps_token_is_never_revoked_and_half_credentials_ask_nothing(
    channel: Twitter, server: Scripted, changes: dict[str, str]
) -> None:
    account = replace(ADMIN, credentials=TOOL | changes)
    for call in (channel.inspect(account), channel.revoke(account, ACCESS)):
        with pytest.raises(Misconfigured):
            await call
    assert server.requests == []


async def test_the_timeline_is_read_as_it_was_posted(channel: Twitter, server: Scripted) -> None:
    server.script(timeline(live(source="Anything"), {**live(at="2026-11-20T02:59:01.500Z"), "id": "7"}))
    newer, older = await channel.list_posted(ACCOUNT, 60)
    assert (newer.reference, newer.url, newer.is_ours) == (POST, f"https://x.com/i/web/status/{POST}", False)
    assert newer.text.endswith("Forlat området & gå mot skolen. http://krise.fjordvik.kommune.no")
    assert older.age_seconds - newer.age_seconds == 59.5
    asked = server.requests[0].query
    assert asked["max_results"] == "100"
    assert asked["tweet.fields"] == "created_at,entities"


async def test_a_user_who_is_gone_and_posts_too_many(channel: Twitter, server: Scripted) -> None:
    gone = {"detail": "no", "title": "Not Found Error", "type": "https://api.twitter.com/2/problems/resource-not-found"}
    server.script(Answer(200, {"errors": [gone]}))
    with pytest.raises(Gone):
        await channel.list_posted(ACCOUNT, 60)
    server.answer = lambda _: timeline(live(), following="on")
    with pytest.raises(OutcomeUnknown, match="more than"):
        await channel.list_posted(ACCOUNT, 60)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (timeline(live(at="i går")), OutcomeUnknown),
        (Answer(200, {"data": [{"text": "uten id"}], "meta": {}}), OutcomeUnknown),
        (Answer(200, {"data": []}), OutcomeUnknown),
        (problem(402), Misconfigured),
        (problem(429), Throttled),
        (problem(503), OutcomeUnknown),
    ],
)
async def test_what_cannot_be_read_is_never_an_empty_timeline(
    channel: Twitter, server: Scripted, answer: Answer, expected: Any
) -> None:
    server.script(answer)
    with pytest.raises(expected):
        await channel.list_posted(ACCOUNT, 60)
