"""X in the sandbox, held against tweepy."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import tweepy

from tests.adapters.sandbox_server import SandboxServer


def test_a_post_on_x_is_made_found_read_and_deleted(sandbox: SandboxServer, x: tweepy.Client) -> None:
    first = x.create_tweet(text="Skred. Se krise.fjordvik.kommune.no nå").data
    second = x.create_tweet(text="Alt vel").data
    assert "https://t.co/" in first["text"]
    found = x.get_users_tweets(4711, since_id=first["id"], user_auth=True, max_results=100).data
    assert [str(each.id) for each in found] == [second["id"]]
    wanted: dict[str, Any] = {"tweet_fields": ["created_at", "entities", "source"], "user_auth": True}
    since = datetime.now(UTC) - timedelta(minutes=5)
    found = x.get_users_tweets(4711, start_time=since, **wanted).data
    assert [str(each.id) for each in found] == [second["id"], first["id"]]
    link = found[1].entities["urls"][0]
    assert link["expanded_url"] == "http://krise.fjordvik.kommune.no"
    assert found[1].text[link["start"] : link["end"]] == link["url"]
    assert x.get_users_tweets(815, **wanted).data is None
    assert x.get_users_tweets(4711, start_time=datetime.now(UTC) + timedelta(hours=1), **wanted).data is None
    assert x.get_tweet(second["id"], user_auth=True).data.text == "Alt vel"
    assert x.delete_tweet(second["id"]).data == {"deleted": True}
    assert x.get_tweet(second["id"], user_auth=True).errors[0]["title"] == "Not Found Error"
    with pytest.raises(tweepy.NotFound):
        x.delete_tweet(second["id"])
    assert [(each["verb"], each["account"]) for each in sandbox.records("x")] == [
        ("create", "4711"),
        ("create", "4711"),
        ("delete", "4711"),
    ]


def test_the_same_text_on_x_is_forbidden_until_it_is_deleted(x: tweepy.Client) -> None:
    identity = x.create_tweet(text="Bru stengt").data["id"]
    x.create_tweet(text="Noe annet")
    with pytest.raises(tweepy.Forbidden, match="duplicate content"):
        x.create_tweet(text="Bru stengt")
    x.delete_tweet(identity)
    x.create_tweet(text="Bru stengt")


def test_x_weighs_posts_and_says_how_many_requests_are_left(x: tweepy.Client) -> None:
    x.return_type = requests.Response
    answered = x.create_tweet(text="å" * 280)
    assert answered.status_code == 201
    left = int(answered.headers["x-rate-limit-remaining"])
    assert int(answered.headers["x-rate-limit-limit"]) > left > 0
    assert int(answered.headers["x-rate-limit-reset"]) > time.time()
    with pytest.raises(tweepy.Forbidden, match="too long"):
        x.create_tweet(text="å" * 281)


def test_an_edit_on_x_has_a_new_id_and_takes_the_place_of_the_old(x: tweepy.Client) -> None:
    first = x.create_tweet(text="Feil").data["id"]
    body = {"text": "Rett", "edit_options": {"previous_post_id": first}}
    second = x.request("POST", "/2/tweets", json=body, user_auth=True).json()["data"]
    assert second["edit_history_tweet_ids"] == [first, second["id"]]
    found = x.get_users_tweets(4711, user_auth=True).data
    assert [(str(each.id), each.text) for each in found] == [(second["id"], "Rett")]


def test_x_lets_nobody_in_without_a_token(sandbox: SandboxServer) -> None:
    refused = requests.post(f"{sandbox.url}/x/2/tweets", json={"text": "a"}, timeout=5)
    assert refused.status_code == 401
    assert refused.json() == {"title": "Unauthorized", "detail": "Unauthorized", "type": "about:blank", "status": 401}
