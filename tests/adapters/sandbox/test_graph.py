"""Facebook's Graph in the sandbox, held against facebook-sdk."""

import time

import facebook
import pytest
import requests

from tests.adapters.sandbox.clients import BEARER, PAGE, publish
from tests.adapters.sandbox_server import SandboxServer


def test_a_page_post_is_published_edited_listed_and_deleted(sandbox: SandboxServer, graph: facebook.GraphAPI) -> None:
    before = int(time.time()) - 1
    identity = publish(graph, "Kvikkleireskred på Elvebakken")
    assert identity.startswith(f"{PAGE}_")
    listed = graph.request(f"{graph.version}/{PAGE}/published_posts", args={"since": before, "fields": "id,message"})
    assert listed["data"] == [{"id": identity, "message": "Kvikkleireskred på Elvebakken"}]
    later = graph.request(f"{graph.version}/{PAGE}/published_posts", args={"since": before + 3600})
    assert later["data"] == []
    assert graph.request(f"{graph.version}/{identity}", post_args={"message": "Rettet"}, method="POST") == {
        "success": True
    }
    fields = "message,created_time,is_published,permalink_url,application"
    read = graph.get_object(identity, fields=fields)
    assert (read["message"], read["is_published"]) == ("Rettet", True)
    assert graph.delete_object(identity) == {"success": True}
    for method in ("GET", "DELETE"):
        with pytest.raises(facebook.GraphAPIError) as gone:
            graph.request(f"{graph.version}/{identity}", method=method)
        assert (gone.value.code, gone.value.result["error"]["error_subcode"]) == (100, 33)
    assert [each["verb"] for each in sandbox.records("graph")] == ["create", "edit", "delete"]


def test_a_post_is_commented_on_and_its_comments_are_listed(sandbox: SandboxServer, graph: facebook.GraphAPI) -> None:
    identity = publish(graph, "Møt på Moen skole")
    where = f"{graph.version}/{identity}/comments"
    made = [graph.request(where, post_args={"message": f"Nr. {n}"}, method="POST")["id"] for n in range(3)]
    assert len(set(made)) == 3
    first = graph.request(where, args={"limit": 2, "fields": "message", "order": "reverse_chronological"})
    assert [each["message"] for each in first["data"]] == ["Nr. 2", "Nr. 1"]
    after = first["paging"]["cursors"]["after"]
    rest = graph.request(where, args={"limit": 2, "after": after, "order": "reverse_chronological"})
    assert [each["id"] for each in rest["data"]] == made[:1]
    with pytest.raises(facebook.GraphAPIError):
        graph.request(where, post_args={"message": " "}, method="POST")
    graph.delete_object(identity)
    for asked in ({"args": {}}, {"post_args": {"message": "For sent"}, "method": "POST"}):
        with pytest.raises(facebook.GraphAPIError) as gone:
            graph.request(where, **asked)
        assert gone.value.code == 100
    assert sandbox.counts()["graph"]["comment"] == 3


def test_only_the_app_that_made_a_post_may_change_it(sandbox: SandboxServer, graph: facebook.GraphAPI) -> None:
    feed = f"{sandbox.url}/graph/v26.0/{PAGE}/feed"
    by_another = {"message": "Fra en annen app", "access_token": "4242|token"}
    foreign = requests.post(feed, by_another, timeout=5).json()["id"]
    assert graph.get_object(foreign, fields="application")["application"]["id"] == "4242"
    with pytest.raises(facebook.GraphAPIError) as refused:
        graph.request(f"{graph.version}/{foreign}", post_args={"message": "Rettet"}, method="POST")
    assert refused.value.code == 200
    assert graph.get_object(foreign, fields="message")["message"] == "Fra en annen app"


def test_the_same_text_twice_in_a_row_is_a_duplicate_on_its_page_only(graph: facebook.GraphAPI) -> None:
    publish(graph, "Bru stengt")
    publish(graph, "Bru stengt", page="99")
    with pytest.raises(facebook.GraphAPIError) as refused:
        publish(graph, "Bru stengt")
    assert refused.value.code == 506
    publish(graph, "Bru åpen")
    publish(graph, "Bru stengt")


def test_lists_of_posts_go_on_after_a_cursor(graph: facebook.GraphAPI) -> None:
    ids = [publish(graph, f"Nr. {n}") for n in range(5)]
    first = graph.request(f"{graph.version}/{PAGE}/feed", args={"limit": 3})
    assert "next" in first["paging"]
    rest = graph.request(
        f"{graph.version}/{PAGE}/feed", args={"limit": 3, "after": first["paging"]["cursors"]["after"]}
    )
    assert [each["id"] for each in first["data"] + rest["data"]] == ids[::-1]


def test_graph_wants_a_token_and_says_where_it_found_it(sandbox: SandboxServer) -> None:
    feed = f"{sandbox.url}/graph/v26.0/{PAGE}/feed"
    refused = requests.post(feed, data={"message": "a"}, timeout=5)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, 190)
    requests.post(feed, data={"message": "b"}, headers=BEARER, timeout=5).raise_for_status()
    requests.post(feed, data={"message": "c", "access_token": "t"}, timeout=5).raise_for_status()
    assert sandbox.counts()["graph"]["tokens_in_urls"] == 0
    requests.post(feed, data={"message": "d"}, params={"access_token": "t"}, timeout=5).raise_for_status()
    assert [each["token_in"] for each in sandbox.requests("graph")] == [[], ["header"], ["body"], ["url"]]
    assert sandbox.counts()["graph"]["tokens_in_urls"] == 1
