"""Facebook's lever and watch over a real socket: what Graph is asked, and what its answers are taken for."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.facebook import Facebook, build
from crisis.channel_access import Access, Right
from crisis.channel_watch import Planned
from crisis.channels import Misconfigured, OutcomeUnknown, Rejected
from tests.adapters.contract import ENOUGH_SECONDS
from tests.adapters.graph_answers import ACCOUNT, PAGE, POST, listing, live, refusal
from tests.adapters.scripted import Answer, Scripted
from tests.adapters.setups import a_setup

ADMIN = replace(ACCOUNT, credentials={"business_id": "77", "admin_token": "secretADMIN", "publisher": "8, 9"})
EDITOR = Right("71", "Bibliotekets redaktør", ("MODERATE", "CREATE_CONTENT"))


def person(id_: str, *tasks: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "name": f"Nr. {id_}", "tasks": list(tasks), **more}


@pytest.fixture
async def channel(server: Scripted) -> AsyncIterator[Facebook]:
    made = build(a_setup(server.url, server.address, call_seconds=ENOUGH_SECONDS))
    yield made
    await made.close()


@pytest.fixture
def graph(server: Scripted) -> dict[str, Answer]:
    """Answers by path, for what is asked at the same time: ``{"me": ..., "assigned_users": ..., "roles": ...}``."""
    answers = {
        "me": Answer(200, {"id": "1"}),
        PAGE: Answer(200, {"id": PAGE, "access_token": "secretPAGE"}),
        "assigned_users": listing(person("8", "MANAGE"), person("9", "MANAGE")),
        "roles": listing(),
    }

    server.answer = lambda seen: answers[seen.path.rpartition("/")[2]]
    return answers


async def test_the_portfolios_people_are_removable_and_those_with_direct_access_are_named(
    channel: Facebook, server: Scripted, graph: dict[str, Answer]
) -> None:
    graph["assigned_users"] = listing(person("1", "MANAGE"), person("8", "MANAGE"), person("71", "CREATE_CONTENT"))
    graph["roles"] = listing(
        person("9", "MANAGE"),
        person("71", "CREATE_CONTENT"),
        person("74", "MANAGE"),
        {"id": "75", "name": "Uten oppgaver"},
    )
    access = await channel.inspect(ADMIN)
    assert [(each.id, each.is_removable, each.can_publish) for each in access.rights] == [
        ("71", True, True), ("74", False, True), ("75", False, True),
    ]  # fmt: skip
    assert access.facts == {"left alone": "Nr. 1, Nr. 8"}
    asked = {seen.path.rpartition("/")[2]: seen for seen in server.requests}
    assert asked["assigned_users"].query["business"] == "77"
    assert asked["assigned_users"].headers["authorization"] == "Bearer secretADMIN"
    assert asked["roles"].headers["authorization"] == "Bearer secretPAGE"


async def test_a_publisher_who_is_not_on_the_page_is_asked_about_first(
    channel: Facebook, graph: dict[str, Answer]
) -> None:
    graph["assigned_users"] = listing(person("8", "MANAGE"), person("71", "CREATE_CONTENT"))
    with pytest.raises(Misconfigured, match="has no user 9"):
        await channel.inspect(ADMIN)


@pytest.mark.parametrize(
    ("tasks", "publishes"),
    [
        (["ANALYZE"], False),
        (["PROFILE_PLUS_ANALYZE", "MESSAGING"], False),
        (["ANALYZE", "CREATE_CONTENT"], True),
        (["PROFILE_PLUS_FULL_CONTROL"], True),
        (["A_TASK_OF_NEXT_YEAR"], True),
        ([], True),
    ],
)
async def test_a_task_that_is_not_known_counts_as_one_that_publishes(
    channel: Facebook, graph: dict[str, Answer], tasks: list[str], publishes: bool
) -> None:
    graph["assigned_users"] = listing(person("8", "MANAGE"), person("9", "MANAGE"), person("71", *tasks))
    (right,) = (await channel.inspect(ADMIN)).rights
    assert right.can_publish is publishes


async def test_a_token_that_gives_no_page_token_cannot_say_who_has_direct_access(
    channel: Facebook, graph: dict[str, Answer]
) -> None:
    graph[PAGE] = Answer(200, {"id": PAGE})
    with pytest.raises(Misconfigured, match="direct access"):
        await channel.inspect(ADMIN)


async def test_a_list_that_never_ends_is_not_taken_for_whole(channel: Facebook, graph: dict[str, Answer]) -> None:
    graph["assigned_users"] = listing(person("71", "MANAGE"), after="x")
    with pytest.raises(OutcomeUnknown, match="longer than"):
        await channel.inspect(ADMIN)


async def test_the_tasks_are_given_back_word_for_word(channel: Facebook, server: Scripted) -> None:
    server.script(Answer(200, {"success": True}))
    await channel.restore(ADMIN, Access((EDITOR, Right("74", "Direkte", ("MANAGE",), is_removable=False))))
    (seen,) = server.requests
    assert (seen.method, seen.path) == ("POST", f"/v26.0/{PAGE}/assigned_users")
    assert json.loads(seen.form["tasks"]) == ["MODERATE", "CREATE_CONTENT"]
    assert seen.form["user"] == "71"


async def test_this_services_own_users_are_never_removed(channel: Facebook, server: Scripted) -> None:
    """Not even where a saved list names them: whoever changed ``publisher`` since meant it."""
    server.script(Answer(200, {"id": "1"}), Answer(200, {"success": True}))
    await channel.revoke(ADMIN, Access((Right("9", "Vår", ("MANAGE",)), Right("1", "Oss", ("MANAGE",)), EDITOR)))
    assert [(seen.method, seen.query.get("user")) for seen in server.requests] == [("GET", None), ("DELETE", "71")]


async def test_one_who_was_removed_before_is_no_refusal(channel: Facebook, server: Scripted) -> None:
    server.script(Answer(200, {"id": "1"}), refusal(100), listing(person("1", "MANAGE")))
    await channel.revoke(ADMIN, Access((EDITOR,)))
    server.script(refusal(100), listing(person("71", "MANAGE")))
    with pytest.raises(Rejected):
        await channel.revoke(ADMIN, Access((EDITOR,)))


async def test_a_yes_without_success_is_unknown(channel: Facebook, server: Scripted) -> None:
    server.script(Answer(200, {"id": "1"}), Answer(200, {"success": False}))
    with pytest.raises(OutcomeUnknown):
        await channel.revoke(ADMIN, Access((EDITOR,)))


@pytest.mark.parametrize("lacking", ["business_id", "admin_token", "publisher"])
async def test_without_business_token_or_publisher_nothing_is_asked(
    channel: Facebook, server: Scripted, lacking: str
) -> None:
    account = replace(ADMIN, credentials={**ADMIN.credentials, lacking: " "})
    with pytest.raises(Misconfigured):
        await channel.inspect(account)
    assert server.requests == []


async def test_age_is_by_facebooks_clock_at_both_ends(channel: Facebook, server: Scripted) -> None:
    own, theirs = {"application": {"id": "app1"}}, {"application": {"id": "350685531728"}}
    posts = listing(
        live(at="2026-11-20T03:00:00+0000", admin_creator={"id": "5", "name": "Redaktør"}, **theirs),
        {**live(at="2026-11-20T03:01:30+0000", **own), "id": f"{PAGE}_56", "from": {"id": PAGE, "name": "Siden"}},
    )
    server.script(posts)
    found = await channel.list_posted(ACCOUNT, 60)
    assert [(each.reference, each.is_ours, each.author) for each in found] == [
        (f"{PAGE}_56", True, None), (POST, False, "Redaktør"),
    ]  # fmt: skip
    assert found[1].age_seconds - found[0].age_seconds == 90


@pytest.mark.parametrize("odd", [None, "i går", 7])
async def test_a_post_without_a_time_is_not_passed_over(channel: Facebook, server: Scripted, odd: object) -> None:
    server.script(listing({"id": POST, "message": "x", "created_time": odd}))
    with pytest.raises(OutcomeUnknown):
        await channel.list_posted(ACCOUNT, 60)


async def test_a_planned_post_has_all_that_its_owner_would_miss(channel: Facebook, server: Scripted) -> None:
    attached = {"data": [{"media_type": "link", "unshimmed_url": "https://a.example/"}, {"media_type": "album"}]}
    post = {"id": POST, "message": "Quiz", "scheduled_publish_time": 1795000000, "attachments": attached}
    server.script(listing(post))
    (planned,) = await channel.list_planned(ACCOUNT)
    assert planned.due_at.timestamp() == 1795000000
    assert planned.attributes == {"link": "https://a.example/", "pictures": "1"}
    server.script(listing({"id": POST, "message": "Quiz"}))
    with pytest.raises(OutcomeUnknown):
        await channel.list_planned(ACCOUNT)


async def test_what_facebook_says_is_published_is_not_deleted(channel: Facebook, server: Scripted) -> None:
    planned = Planned(POST, datetime(2026, 11, 27, 12, tzinfo=UTC), "Quiz")
    for answer in ({"id": POST, "is_published": True}, {"id": POST}, {"id": "another", "is_published": False}):
        server.script(Answer(200, answer))
        with pytest.raises((Rejected, OutcomeUnknown)):
            await channel.unschedule(ACCOUNT, planned)
    assert {seen.method for seen in server.requests} == {"GET"}
