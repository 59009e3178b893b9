"""The sandbox is held against the providers' own SDKs: what they understand, and what they choke on."""

import asyncio
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import facebook
import pytest
import requests
import tweepy
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.rest import Client

from adapters.sandbox.app import create_app
from adapters.sandbox.callbacks import Announcement, Callbacks
from tests.adapters.callback_receiver import CallbackReceiver
from tests.adapters.sandbox_server import SandboxServer, free_port

TOKEN = "judge-token"
BEARER = {"Authorization": "Bearer page-token"}
LOGIN = ("nettredaksjonen", "abcd efgh ijkl")
TO, SENDER = "+4791234567", "Fjordvik"
SERVICE = "MG" + "0" * 32
PAGE = "1020304050"


def wait_for(look: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Look until there is something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(TOKEN) as server:
        yield server


@pytest.fixture
def sandbox(server: SandboxServer) -> SandboxServer:
    server.clear()
    return server


@pytest.fixture
def receiver() -> Iterator[CallbackReceiver]:
    with CallbackReceiver() as receiver:
        yield receiver


@pytest.fixture
def sms(sandbox: SandboxServer) -> Client:
    return twilio_client(sandbox)


def twilio_client(sandbox: SandboxServer, token: str = TOKEN) -> Client:
    client = Client(sandbox.account_sid, token)
    client.api.base_url = f"{sandbox.url}/twilio"
    client.http_client.timeout = 5
    return client


class _SandboxSession(requests.Session):
    """tweepy's host is a literal inside it; its session is where it can be changed."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def request(self, method: Any, url: Any, *args: Any, **more: Any) -> requests.Response:
        more["timeout"] = 5
        return super().request(method, str(url).replace("https://api.twitter.com", self._base), *args, **more)


@pytest.fixture
def x(sandbox: SandboxServer) -> Iterator[tweepy.Client]:
    client = tweepy.Client(consumer_key="ck", consumer_secret="cs", access_token="4711-abc", access_token_secret="as")
    with _SandboxSession(f"{sandbox.url}/x") as client.session:
        yield client


@pytest.fixture
def graph(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[facebook.GraphAPI]:
    monkeypatch.setattr(facebook, "FACEBOOK_GRAPH_URL", f"{sandbox.url}/graph/")
    with requests.Session() as session:
        session.headers.update(BEARER)
        client = facebook.GraphAPI(None, version="3.1", session=session, timeout=5)
        client.version = "v26.0"
        yield client


def publish(graph: facebook.GraphAPI, text: str, page: str = PAGE) -> str:
    return str(graph.request(f"{graph.version}/{page}/feed", post_args={"message": text}, method="POST")["id"])


def send(sms: Client, **more: Any) -> Any:
    return sms.messages.create(**({"to": TO, "from_": SENDER, "body": "Forlat området nå"} | more))


# Twilio


def test_a_text_is_created_read_listed_redacted_and_deleted(sandbox: SandboxServer, sms: Client) -> None:
    created = send(sms, status_callback="http://127.0.0.1:9/receipts?key=42", validity_period=1800)
    assert (created.status, created.body, created.to, created.from_) == ("queued", "Forlat området nå", TO, SENDER)
    assert created.num_segments == "1"
    assert created.date_created is not None
    fetch = sms.messages(created.sid).fetch
    wait_for(lambda: fetch().status == "delivered")
    assert [each.sid for each in sms.messages.list(to=TO)] == [created.sid]
    assert sms.messages.list(to="+4790000000") == []
    assert sms.messages(created.sid).update(body="").body == ""
    assert sms.messages(created.sid).delete()
    with pytest.raises(TwilioRestException) as gone:
        fetch()
    assert (gone.value.status, gone.value.code) == (404, 20404)
    verbs = [(each["verb"], each["reference"]) for each in sandbox.records("twilio")]
    assert verbs == [("create", created.sid), ("edit", created.sid), ("delete", created.sid)]
    record = sandbox.records("twilio", "create")[0]
    assert (record["to"], record["text"], record["key"]) == (TO, "Forlat området nå", "42")
    assert record["facts"]["validity"] == 1800


def test_lists_are_filtered_and_paged_newest_first(sms: Client) -> None:
    sids = [send(sms, to=f"+479123456{n}").sid for n in range(7)]
    other = send(sms, from_="Brann").sid
    assert [each.sid for each in sms.messages.list(page_size=3)] == [other, *reversed(sids)]
    assert [each.sid for each in sms.messages.list(from_="Brann")] == [other]
    wait_for(lambda: len(sms.messages.list(date_sent_after=datetime.now(UTC) - timedelta(hours=1))) == 8)
    assert sms.messages.list(date_sent_before=datetime.now(UTC) - timedelta(days=2)) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"to": ""}, 21604),
        ({"to": "12345"}, 21211),
        ({"to": "+15005550004"}, 21610),
        ({"to": "+15005550009"}, 21614),
        ({"from_": ""}, 21603),
        ({"from_": "Fjordvik æøå"}, 21212),
        ({"from_": "Fjordvik kommune"}, 21212),
        ({"from_": TO}, 21266),
        ({"from_": "+15005550008"}, 21611),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"validity_period": 36_001}, 21624),
        ({"status_callback": "ftp://a.no/"}, 21609),
        ({"status_callback": "http://under_score.no/"}, 21609),
    ],
)
def test_twilio_refuses_what_twilio_refuses(
    sandbox: SandboxServer, sms: Client, changed: dict[str, Any], code: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        send(sms, **changed)
    assert (refused.value.status, refused.value.code) == (400, code)
    assert sandbox.records() == []


def test_the_wrong_auth_token_is_not_let_in(sandbox: SandboxServer) -> None:
    with pytest.raises(TwilioRestException) as refused:
        send(twilio_client(sandbox, "another-token"))
    assert (refused.value.status, refused.value.code) == (401, 20003)


def test_callbacks_are_signed_over_the_address_as_it_was_given(sms: Client, receiver: CallbackReceiver) -> None:
    address = f"{receiver.url}?a=%C3%A6%20b&key=k1"
    created = send(sms, status_callback=address)
    wait_for(lambda: len(receiver.received) == 2)
    assert [each.status for each in receiver.received] == ["sent", "delivered"]
    for each in receiver.received:
        assert each.url == address
        assert each.fields["MessageSid"] == created.sid
        assert each.is_signed_by(TOKEN)
        assert not each.is_signed_by("another-token")


def test_a_messaging_service_accepts_before_it_queues(sms: Client, receiver: CallbackReceiver) -> None:
    created = send(sms, from_="", messaging_service_sid=SERVICE, status_callback=f"{receiver.url}?key=k")
    assert (created.status, created.num_segments) == ("accepted", "0")
    wait_for(lambda: receiver.statuses("k") == ["queued", "sent", "delivered"])


def test_a_scheduled_text_can_be_canceled_and_then_nothing_is_told(sms: Client, receiver: CallbackReceiver) -> None:
    later = datetime.now(UTC) + timedelta(seconds=1)
    facts: dict[str, Any] = {"from_": "", "messaging_service_sid": SERVICE, "schedule_type": "fixed", "send_at": later}
    stopped = send(sms, **facts, status_callback=f"{receiver.url}?key=stopped")
    send(sms, **facts, status_callback=f"{receiver.url}?key=left")
    assert stopped.status == "scheduled"
    assert sms.messages(stopped.sid).update(status="canceled").status == "canceled"
    wait_for(lambda: receiver.statuses("left") == ["queued", "sent", "delivered"])
    assert receiver.statuses("stopped") == []
    with pytest.raises(TwilioRestException):
        sms.messages(stopped.sid).update(status="canceled")


def test_callbacks_can_be_shuffled_doubled_late_forged_and_left_out(
    sandbox: SandboxServer, sms: Client, receiver: CallbackReceiver
) -> None:
    scripts: dict[str, dict[str, Any]] = {
        "shuffled_callbacks": {"seed": 1},
        "duplicate_callbacks": {"copies": 3},
        "late_callback": {"seconds": 0.5},
        "forged_callbacks": {},
        "no_callbacks": {},
    }
    for kind, more in scripts.items():
        sandbox.fault("twilio", kind, match={"text": kind}, **more)
        send(sms, body=kind, status_callback=f"{receiver.url}?key={kind}")
    send(sms, body="plain", status_callback=f"{receiver.url}?key=plain")
    wait_for(lambda: sandbox.counts()["callbacks"]["pending"] == 0)
    assert receiver.statuses("shuffled_callbacks") == ["delivered", "sent"]
    assert receiver.statuses("duplicate_callbacks") == ["sent"] * 3 + ["delivered"] * 3
    assert receiver.statuses("no_callbacks") == []
    order = [each.url.rpartition("=")[2] for each in receiver.received]
    assert order.index("late_callback") > order.index("plain")
    assert {each.is_signed_by(TOKEN) for each in receiver.received if "forged" in each.url} == {False}
    assert {each.is_signed_by(TOKEN) for each in receiver.received if "forged" not in each.url} == {True}


def test_callbacks_can_come_before_the_answer(sandbox: SandboxServer, sms: Client, receiver: CallbackReceiver) -> None:
    sandbox.fault("twilio", "callback_before_response")
    send(sms, status_callback=f"{receiver.url}?key=early")
    assert receiver.statuses("early") == ["sent", "delivered"]


def test_a_share_is_undelivered_and_the_same_share_each_time(
    sandbox: SandboxServer, sms: Client, receiver: CallbackReceiver
) -> None:
    rounds = []
    for turn in range(2):
        sandbox.clear()
        sandbox.fault("twilio", "undelivered", share=0.3, seed=7, code=30005)
        for n in range(20):
            send(sms, to=f"+479123456{n:02d}", status_callback=f"{receiver.url}?key={turn}-{n}")
        wait_for(lambda: sandbox.counts()["callbacks"]["pending"] == 0)
        lost = [n for n in range(20) if receiver.statuses(f"{turn}-{n}")[-1] == "undelivered"]
        rounds.append(lost)
    assert rounds[0] == rounds[1]
    assert 1 <= len(rounds[0]) <= 12
    told = next(each for each in reversed(receiver.received) if each.status == "undelivered")
    assert told.fields["ErrorCode"] == "30005"
    assert sms.messages(told.fields["MessageSid"]).fetch().error_code == 30005


def test_a_receiver_that_comes_up_late_still_gets_its_callbacks(sandbox: SandboxServer, sms: Client) -> None:
    port = free_port()
    send(sms, status_callback=f"http://127.0.0.1:{port}/receipts/twilio?key=k")
    wait_for(lambda: sandbox.counts()["callbacks"]["requests"] >= 2)
    with CallbackReceiver(port) as receiver:
        wait_for(lambda: receiver.statuses("k") == ["sent", "delivered"])


async def test_a_receiver_that_stays_down_is_given_up_and_that_is_recorded() -> None:
    with CallbackReceiver(answer=503) as receiver:
        callbacks = Callbacks(senders=2, tries=2)
        callbacks.start()
        steps: list[Mapping[str, str]] = [{"MessageStatus": "sent"}, {"MessageStatus": "delivered"}]
        announcement = Announcement(receiver.url, TOKEN, {"MessageSid": "SM1"}, steps, delay=0.0)
        callbacks.begin(announcement, 0.0)
        async with asyncio.timeout(5):
            await announcement.done.wait()
        await callbacks.stop()
    assert callbacks.figures() == {"acknowledged": 0, "refused": 0, "given_up": 2, "requests": 4, "pending": 0}
    assert [each["problem"] for each in callbacks.outcomes] == ["HTTP 503", "HTTP 503"]


def test_counts_tell_repeats_from_recipients(sandbox: SandboxServer, sms: Client) -> None:
    for to, body in [(TO, "a"), (TO, "a"), (TO, "b"), ("+4798765432", "a")]:
        send(sms, to=to, body=body)
    counts = sandbox.counts()["twilio"]
    assert {name: counts[name] for name in ("create", "distinct_to", "distinct_to_text", "repeats")} == {
        "create": 4,
        "distinct_to": 2,
        "distinct_to_text": 3,
        "repeats": 1,
    }


# Facebook


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


# X


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


# WordPress


@pytest.mark.parametrize("site", ["wp", "wp/bibliotek"])
@pytest.mark.parametrize("pretty", [True, False])
def test_an_article_lives_its_whole_life(sandbox: SandboxServer, site: str, pretty: bool) -> None:
    def ask(method: str, route: str = "", *, login: tuple[str, str] | None = LOGIN, **more: Any) -> requests.Response:
        params = more.pop("params", {})
        if pretty:
            url = f"{sandbox.url}/{site}/wp-json/wp/v2/posts{route}"
        else:
            url, params = f"{sandbox.url}/{site}/", {"rest_route": f"/wp/v2/posts{route}", **params}
        return requests.request(method, url, params=params, auth=login, timeout=5, **more)

    wanted = {"title": "Skred på Elvebakken", "content": "<p>Gå nå</p>", "slug": "skred-1", "status": "publish"}
    first, second = ask("POST", json=wanted), ask("POST", json=wanted)
    assert [each.status_code for each in (first, second)] == [201, 201]
    assert [each.json()["slug"] for each in (first, second)] == ["skred-1", "skred-1-2"]
    number = first.json()["id"]
    assert first.json()["content"]["raw"] == "<p>Gå nå</p>"
    assert first.headers["location"].endswith(f"/{number}")
    public = requests.get(first.json()["link"], timeout=5)
    assert "<p>Gå nå</p>" in public.text
    assert "sandbox" in public.headers["content-security-policy"]
    listed = ask("GET", params={"slug": "skred-1", "status": "any"})
    assert [each["id"] for each in listed.json()] == [number]
    assert listed.headers["x-wp-total"] == "1"
    assert ask("POST", f"/{number}", json={"content": "<p>Bli inne</p>", "status": "draft"}).json()["status"] == "draft"
    assert ask("GET", f"/{number}", login=None).json()["code"] == "rest_forbidden"
    assert ask("GET", login=None, params={"slug": "skred-1"}).json() == []
    assert requests.get(first.json()["link"], timeout=5).status_code == 404
    assert ask("DELETE", f"/{number}").json()["slug"] == "skred-1__trashed"
    assert ask("DELETE", f"/{number}").status_code == 410
    assert ask("DELETE", f"/{number}", params={"force": "true"}).json()["deleted"] is True
    gone = ask("DELETE", f"/{number}", params={"force": "true"})
    assert (gone.status_code, gone.json()["code"]) == (404, "rest_post_invalid_id")
    assert [each["verb"] for each in sandbox.records("wordpress")] == ["create", "create", "edit", "delete", "delete"]


def test_every_change_of_an_articles_words_is_a_revision(sandbox: SandboxServer) -> None:
    posts = f"{sandbox.url}/wp/wp-json/wp/v2/posts"

    def ask(method: str, route: str = "", **more: Any) -> requests.Response:
        return requests.request(method, f"{posts}{route}", auth=more.pop("login", LOGIN), timeout=5, **more)

    number = ask("POST", json={"title": "Skred", "content": "<p>Gå nå</p>", "status": "publish"}).json()["id"]
    assert ask("GET", f"/{number}/revisions").json() == []
    for content in ("<p>Gå til skolen</p>", "<p>Gå til skolen</p>", "<p>Gå til hallen</p>"):
        ask("POST", f"/{number}", json={"content": content}).raise_for_status()
    kept = ask("GET", f"/{number}/revisions").json()
    assert [each["content"]["raw"] for each in kept] == ["<p>Gå til hallen</p>", "<p>Gå til skolen</p>"]
    assert {each["parent"] for each in kept} == {number}
    assert ask("GET", f"/{number}/revisions", login=None).status_code == 401
    assert ask("GET", f"/{number}/comments").json()["code"] == "rest_no_route"


def test_foreign_articles_are_those_of_other_authors(sandbox: SandboxServer) -> None:
    base = f"{sandbox.url}/wp/wp-json/wp/v2"
    me = requests.get(f"{base}/users/me", auth=LOGIN, timeout=5).json()["id"]
    for login, title in ((LOGIN, "Vår"), (("kari", "pw"), "Ikke vår")):
        article = {"title": title, "status": "publish"}
        requests.post(f"{base}/posts", json=article, auth=login, timeout=5).raise_for_status()

    def titles(**params: Any) -> list[str]:
        found = requests.get(f"{base}/posts", params=params, auth=LOGIN, timeout=5).json()
        return [each["title"]["rendered"] for each in found]

    assert titles(author_exclude=me) == ["Ikke vår"]
    assert titles(author_exclude=me, after="2020-01-01T00:00:00") == ["Ikke vår"]
    assert titles(after="2999-01-01T00:00:00") == []
    assert titles(per_page=1, page=2) == ["Vår"]


@pytest.mark.parametrize(
    ("login", "fields", "status", "code"),
    [
        (None, {"title": "a"}, 401, "rest_cannot_create"),
        (("", ""), {"title": "a"}, 401, "rest_cannot_create"),
        (("subscriber-7", "pw"), {"title": "a"}, 403, "rest_cannot_create"),
        (LOGIN, {"slug": "a"}, 400, "empty_content"),
        (LOGIN, {"title": "a", "status": "nonsense"}, 400, "rest_invalid_param"),
    ],
)
def test_wordpress_refuses_what_wordpress_refuses(
    sandbox: SandboxServer, login: tuple[str, str] | None, fields: dict[str, str], status: int, code: str
) -> None:
    refused = requests.post(f"{sandbox.url}/wp/wp-json/wp/v2/posts", json=fields, auth=login, timeout=5)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert sandbox.records() == []


# Faults


def post_once(sandbox: SandboxServer, text: str | None = None, timeout: float = 5) -> requests.Response:
    """One post on X."""
    text = text or uuid.uuid4().hex
    return requests.post(f"{sandbox.url}/x/2/tweets", json={"text": text}, headers=BEARER, timeout=timeout)


def accepted(sandbox: SandboxServer) -> int:
    return int(sandbox.counts()["x"]["create"])


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("kind", "status"), [("5xx", 503), ("html", 502), ("json_503", 503), ("bare", 503)])
def test_a_bad_status_tells_nothing_about_acceptance(sandbox: SandboxServer, kind: str, status: int, when: str) -> None:
    sandbox.fault("x", f"{kind}_{when}", times=1)
    assert post_once(sandbox).status_code == status
    assert accepted(sandbox) == (when == "after")
    assert post_once(sandbox).status_code == 201


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["drop", "timeout"])
def test_the_connection_really_closes_without_a_byte(sandbox: SandboxServer, kind: str, when: str) -> None:
    sandbox.fault("x", f"{kind}_{when}", times=1, seconds=0.2)
    body = b'{"text": "Bru stengt"}'
    head = f"POST /x/2/tweets HTTP/1.1\r\nHost: {sandbox.host}\r\nAuthorization: Bearer t\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as connection:
        started = time.monotonic()
        connection.sendall(head.encode() + body)
        try:
            heard = connection.recv(100)
        except ConnectionResetError:
            heard = b""
        took = time.monotonic() - started
    assert heard == b""
    assert (took > 0.15) == (kind == "timeout")
    assert accepted(sandbox) == (when == "after")


def test_a_reader_that_gives_up_does_not_hold_the_sandbox(sandbox: SandboxServer) -> None:
    sandbox.fault("x", "timeout_after", times=1, seconds=3600)
    with pytest.raises(requests.ReadTimeout):
        post_once(sandbox, timeout=0.2)
    assert accepted(sandbox) == 1
    wait_for(lambda: sandbox.requests("x")[-1:] and sandbox.requests("x")[-1]["fault"] == "timeout_after")


def test_an_answer_can_come_byte_by_byte(sandbox: SandboxServer) -> None:
    sandbox.fault("x", "drip", times=1, seconds=0.01)
    started = time.monotonic()
    assert post_once(sandbox).json()["data"]["id"]
    assert time.monotonic() - started > 0.5
    assert accepted(sandbox) == 1


def test_an_answer_can_be_garbage_of_the_wrong_type_or_huge(sandbox: SandboxServer) -> None:
    for kind in ("garbage", "wrong_type", "huge"):
        sandbox.fault("x", kind, times=1)
    garbage, wrong, huge = (post_once(sandbox) for _ in range(3))
    assert [each.status_code for each in (garbage, wrong, huge)] == [201, 201, 201]
    with pytest.raises(requests.JSONDecodeError):
        garbage.json()
    assert isinstance(wrong.json(), list)
    assert len(huge.content) > 49_000_000
    assert accepted(sandbox) == 3


def test_latency_accepts_on_arrival_and_publishes_late(sandbox: SandboxServer) -> None:
    sandbox.fault("x", "latency", times=1, seconds=0.3)
    sandbox.fault("x", "latency_after", times=1, seconds=0.3, match={"text": "after"})
    late, after = post_once(sandbox, "late"), post_once(sandbox, "after")
    assert late.elapsed.total_seconds() > 0.28
    assert after.elapsed.total_seconds() > 0.28
    first, second = sandbox.records("x")
    assert first["published_mono"] - first["accepted_mono"] > 0.28
    assert second["published_mono"] - second["accepted_mono"] < 0.2
    assert abs(second["published_mono"] - time.monotonic()) < 5


def test_each_provider_throttles_in_its_own_way(
    sandbox: SandboxServer, sms: Client, graph: facebook.GraphAPI, x: tweepy.Client
) -> None:
    for provider in ("graph", "x", "twilio", "wordpress"):
        sandbox.fault(provider, "429", times=1, seconds=30)
    with pytest.raises(TwilioRestException) as slow:
        send(sms)
    assert (slow.value.status, slow.value.code) == (429, 20429)
    with pytest.raises(facebook.GraphAPIError) as tired:
        publish(graph, "a")
    assert tired.value.code == 32
    with pytest.raises(tweepy.TooManyRequests) as limited:
        x.create_tweet(text="a")
    assert 25 < limited.value.reset_time - time.time() < 35
    answered = requests.post(f"{sandbox.url}/wp/wp-json/wp/v2/posts", json={"title": "a"}, auth=LOGIN, timeout=5)
    assert (answered.status_code, answered.headers["retry-after"]) == (429, "30")
    sandbox.fault("x", "429_no_header", times=1)
    with pytest.raises(tweepy.TooManyRequests) as silent:
        x.create_tweet(text="a")
    assert silent.value.reset_time is None
    assert sandbox.records() == []


def test_any_error_of_a_provider_can_be_scripted(
    sandbox: SandboxServer, sms: Client, graph: facebook.GraphAPI, x: tweepy.Client
) -> None:
    sandbox.fault("twilio", "error", code=21408, match={"to": "67"})
    sandbox.fault("graph", "error", code=368, message="Temporarily blocked")
    sandbox.fault("x", "error", status=402)
    with pytest.raises(TwilioRestException) as refused:
        send(sms)
    assert refused.value.code == 21408
    assert send(sms, to="+4791234568").sid
    with pytest.raises(facebook.GraphAPIError, match="Temporarily blocked"):
        publish(graph, "a")
    with pytest.raises(tweepy.HTTPException) as unpaid:
        x.create_tweet(text="a")
    assert unpaid.value.response.status_code == 402
    sandbox.clear()
    sandbox.fault("twilio", "problem", status=400, code=21211)
    sandbox.fault("graph", "bare")
    sandbox.fault("x", "error", status=200, message="Not now")
    with pytest.raises(TwilioServiceException) as other_class:
        send(sms)
    assert other_class.value.code == 21211
    with pytest.raises(KeyError, match="content-type"):
        publish(graph, "a")
    assert x.create_tweet(text="a").data is None


def test_faults_hit_writes_unless_they_are_told_otherwise(sandbox: SandboxServer) -> None:
    sandbox.fault("x", "5xx_before")
    read = f"{sandbox.url}/x/2/users/1/tweets"
    assert requests.get(read, headers=BEARER, timeout=5).status_code == 200
    assert post_once(sandbox).status_code == 503
    assert sandbox.faults()[0]["hits"] == 1
    sandbox.clear()
    sandbox.fault("x", "5xx_before", match={"verb": "read"})
    assert requests.get(read, headers=BEARER, timeout=5).status_code == 503
    assert post_once(sandbox).status_code == 201


@pytest.mark.parametrize(
    "fault",
    [
        {"provider": "x", "kind": "earthquake"},
        {"provider": "myspace", "kind": "429"},
        {"provider": "x", "kind": "undelivered"},
        {"provider": "x", "kind": "429", "tims": 3},
        {"provider": "x", "kind": "429", "share": 0},
        {"provider": "twilio", "kind": "error", "code": "21x"},
    ],
)
def test_a_fault_that_cannot_be_scripted_is_refused(sandbox: SandboxServer, fault: dict[str, Any]) -> None:
    answered = requests.post(f"{sandbox.url}/sandbox/faults", json=fault, timeout=5)
    assert answered.status_code == 422
    assert sandbox.faults() == []


# Records and page


def test_records_are_read_on_from_a_cursor_and_filtered(sandbox: SandboxServer, sms: Client) -> None:
    for _ in range(3):
        post_once(sandbox)
        send(sms)
    everything = sandbox.records()
    assert [each["provider"] for each in everything] == ["x", "twilio"] * 3
    assert sandbox.records(after=everything[2]["index"]) == everything[3:]
    assert sandbox.records("x", "create", after=everything[0]["index"]) == everything[2::2]
    assert sandbox.records("x", "delete") == []
    sandbox.clear()
    assert sandbox.records() == []
    post_once(sandbox)
    assert sandbox.records()[0]["index"] > everything[-1]["index"]


def test_what_was_accepted_survives_a_kill(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    with SandboxServer(TOKEN, journal=journal) as sandbox:
        sms = twilio_client(sandbox)
        sent = send(sms, status_callback="http://127.0.0.1:9/?key=k")
        posted = post_once(sandbox, "Bru stengt").json()["data"]["id"]
        feed = f"{sandbox.url}/graph/{PAGE}"
        kept, edited, gone = (
            requests.post(f"{feed}/feed", data={"message": text}, headers=BEARER, timeout=5).json()["id"]
            for text in ("a", "b", "c")
        )
        requests.post(f"{sandbox.url}/graph/{edited}", data={"message": "b2"}, headers=BEARER, timeout=5)
        requests.delete(f"{sandbox.url}/graph/{gone}", headers=BEARER, timeout=5)
        wp = f"{sandbox.url}/wp/wp-json/wp/v2/posts"
        article = requests.post(wp, json={"title": "A", "slug": "a", "status": "publish"}, auth=LOGIN, timeout=5).json()
        before = sandbox.records()
        assert journal.stat().st_mode & 0o777 == 0o600
        sandbox.kill()
        with journal.open("ab") as half:
            half.write(b'{"index": 99, "prov')
        sandbox.start()
        assert sandbox.records() == before
        assert sandbox.counts()["twilio"]["distinct_keys"] == 1
        assert sms.messages(sent.sid).fetch().body == "Forlat området nå"
        listed = requests.get(f"{feed}/feed", headers=BEARER, timeout=5).json()["data"]
        assert [(each["id"], each["message"]) for each in listed] == [(edited, "b2"), (kept, "a")]
        assert post_once(sandbox, "Bru stengt").status_code == 403
        assert requests.get(f"{sandbox.url}/x/2/tweets/{posted}", headers=BEARER, timeout=5).json()["data"]
        again = requests.post(wp, json={"title": "A", "slug": "a", "status": "publish"}, auth=LOGIN, timeout=5).json()
        assert (again["slug"], again["id"]) == ("a-2", article["id"] + 1)
        sandbox.kill()
        sandbox.start()
        assert len(sandbox.records()) == len(before) + 1


def test_the_page_shows_what_is_up_now_and_shows_it_as_text(
    sandbox: SandboxServer, sms: Client, graph: facebook.GraphAPI, x: tweepy.Client
) -> None:
    evil = '<script>alert("x")</script>'
    publish(graph, f"Facebook sier {evil}")
    taken_down = publish(graph, "Dette var feil")
    graph.delete_object(taken_down)
    x.create_tweet(text=f"X sier {evil}")
    article = {"title": f"Tittel {evil}", "content": f"<p>Gå til skolen</p>{evil}", "status": "publish"}
    wp = f"{sandbox.url}/wp/wp-json/wp/v2/posts"
    requests.post(wp, json=article, auth=LOGIN, timeout=5).raise_for_status()
    for n in range(3):
        send(sms, to=f"+479123450{n}", body=f"SMS sier {evil}")
    answered = requests.get(sandbox.url, timeout=5)
    page = answered.text
    assert "ingenting her er publisert</h1>" in page
    for text in ("Facebook sier", "X sier", "Gå til skolen", "SMS sier", "3 mottakere", "slutter på 02"):
        assert text in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "91234502" not in page
    assert "default-src 'none'" in answered.headers["content-security-policy"]
    assert "http-equiv" not in page
    assert 'http-equiv="refresh"' in requests.get(f"{sandbox.url}/?oppdater=1", timeout=5).text


def test_the_page_shows_what_was_changed_commented_on_and_taken_down(
    sandbox: SandboxServer, graph: facebook.GraphAPI, x: tweepy.Client
) -> None:
    identity = publish(graph, "Møt på Moen skole")
    graph.request(f"{graph.version}/{identity}", post_args={"message": "Møt på Fjordhallen"}, method="POST")
    graph.request(
        f"{graph.version}/{identity}/comments", post_args={"message": "Teksten ble <b>rettet</b>"}, method="POST"
    )
    graph.delete_object(publish(graph, "Dette var feil"))
    x.delete_tweet(x.create_tweet(text="Dette var også feil").data["id"])
    wp = f"{sandbox.url}/wp/wp-json/wp/v2/posts"
    article = {"title": "Skred", "content": "<p>Gå til skolen</p>", "status": "publish"}
    number = requests.post(wp, json=article, auth=LOGIN, timeout=5).json()["id"]
    requests.post(f"{wp}/{number}", json={"content": "<p>Gå til hallen</p>"}, auth=LOGIN, timeout=5).raise_for_status()
    page = requests.get(sandbox.url, timeout=5).text
    assert "Møt på Moen skole" not in page
    for text in (
        "Møt på Fjordhallen",
        "redigert kl.",
        "Teksten ble &lt;b&gt;rettet&lt;/b&gt;",
        "Gå til hallen",
        "2 utgaver",
    ):
        assert text in page
    cards = {
        text: next(card for card in page.split("<li class=") if text in card)
        for text in ("Dette var feil", "Dette var også feil")
    }
    assert all("gone" in card and "Fjernet kl." in card for card in cards.values())
    assert page.count("Fjernet kl.") == 2
    assert "1 vises" in page.partition('id="facebook"')[2]
    assert "0 vises" in page.partition('id="x"')[2]
    sandbox.clear()
    assert "Fjernet kl." not in requests.get(sandbox.url, timeout=5).text


def test_the_crisis_page_is_framed_when_its_address_is_known() -> None:
    with SandboxServer(TOKEN, CRISIS_SANDBOX_PAGE_URL="http://127.0.0.1:8000/krise/") as sandbox:
        answered = requests.get(sandbox.url, timeout=5)
    assert 'src="http://127.0.0.1:8000/krise/"' in answered.text
    assert "frame-src http://127.0.0.1:8000;" in answered.headers["content-security-policy"]


def test_it_does_not_start_without_a_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CRISIS_SANDBOX_TOKEN", raising=False)
    monkeypatch.setenv("CRISIS_HOME", str(tmp_path))
    with pytest.raises(ValueError, match="CRISIS_SANDBOX_TOKEN"):
        create_app()
