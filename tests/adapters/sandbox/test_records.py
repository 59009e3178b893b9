"""What the sandbox keeps of what it took in, and the page that shows it."""

from pathlib import Path

import facebook
import pytest
import requests
import tweepy
from twilio.rest import Client

from adapters.sandbox.app import create_app
from tests.adapters.sandbox.clients import BEARER, LOGIN, PAGE, TOKEN, post_once, publish, send, twilio_client
from tests.adapters.sandbox_server import SandboxServer


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
