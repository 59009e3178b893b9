"""What is arranged at the sandbox past our service: clocks, accounts that are gone, foreign posts, rights, and who lies."""

import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import facebook
import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.adapters.sandbox.clients import BEARER, PAGE, TOKEN, publish, send
from tests.adapters.sandbox_server import ACCOUNT_SID, SandboxServer

SUB = "ACsub" + "0" * 28 + "1"


def test_a_foreign_post_is_there_once_however_often_it_is_put(sandbox: SandboxServer, graph: facebook.GraphAPI) -> None:
    references = {sandbox.foreign("one", "graph", PAGE, "Åpent som vanlig", author="En ansatt") for _ in range(3)}
    assert len(references) == 1
    fields = "id,application,admin_creator"
    (found,) = graph.request(f"{graph.version}/{PAGE}/published_posts", args={"fields": fields})["data"]
    assert found["id"] in references
    assert found["admin_creator"]["name"] == "En ansatt"
    assert found["application"]["id"] != "0"
    sandbox.clear()
    assert sandbox.foreign("one", "graph", PAGE, "Igjen") not in references
    with pytest.raises(ValueError, match="409"):
        sandbox.foreign("two", "crisis-page", PAGE, "Finnes ikke")
    with pytest.raises(ValueError, match="422"):
        sandbox.foreign("two", "graph", PAGE, "")


def test_what_is_scheduled_waits_and_goes_out_by_itself(sandbox: SandboxServer, graph: facebook.GraphAPI) -> None:
    waiting = sandbox.foreign("later", "graph", PAGE, "Quiz", due_in_seconds=7200)
    soon = sandbox.foreign("soon", "graph", PAGE, "Lesestund", due_in_seconds=3600)
    where = f"{graph.version}/{PAGE}"
    assert [each["id"] for each in graph.request(f"{where}/scheduled_posts")["data"]] == [waiting, soon]
    assert graph.request(f"{where}/published_posts")["data"] == []
    for ahead in (60, 40 * 86_400):
        given = {"message": "x", "published": "false", "scheduled_publish_time": int(time.time()) + ahead}
        with pytest.raises(facebook.GraphAPIError):
            graph.request(f"{where}/feed", post_args=given, method="POST")
    sandbox.scene("graph", skew_seconds=3600)
    assert [each["id"] for each in graph.request(f"{where}/published_posts")["data"]] == [soon]
    assert [each["id"] for each in graph.request(f"{where}/scheduled_posts")["data"]] == [waiting]


def test_a_platforms_clock_is_ahead_in_its_dates_and_its_posts_alike(
    sandbox: SandboxServer, graph: facebook.GraphAPI
) -> None:
    sandbox.scene("graph", skew_seconds=300)
    identity = publish(graph, "Hei")
    answer = requests.get(f"{sandbox.url}/graph/{identity}", headers=BEARER, timeout=5)
    assert answer.headers["date"].count("GMT") == 1, "the server's own date would be a second one"
    for told in (parsedate_to_datetime(answer.headers["date"]).timestamp(), _created(answer)):
        assert abs(told - time.time() - 300) < 5
    other = requests.get(f"{sandbox.url}/x/2/tweets/1", headers=BEARER, timeout=5)
    assert abs(parsedate_to_datetime(other.headers["date"]).timestamp() - time.time()) < 5


def _created(answer: requests.Response) -> float:
    return time.mktime(time.strptime(answer.json()["created_time"], "%Y-%m-%dT%H:%M:%S+0000")) - time.timezone


def test_a_page_that_is_gone_is_unknown_to_every_verb(sandbox: SandboxServer, graph: facebook.GraphAPI) -> None:
    identity = publish(graph, "Hei")
    sandbox.scene("graph", gone=[PAGE])
    for method, path in [("GET", PAGE), ("GET", f"{PAGE}/feed"), ("DELETE", identity), ("GET", f"{PAGE}/roles")]:
        with pytest.raises(facebook.GraphAPIError) as gone:
            graph.request(f"{graph.version}/{path}", method=method)
        assert gone.value.result["error"]["error_subcode"] == 33
    sandbox.scene("graph")
    assert graph.get_object(identity)["message"] == "Hei"


def test_people_are_assigned_and_removed_and_those_with_direct_access_stay(
    sandbox: SandboxServer, graph: facebook.GraphAPI
) -> None:
    where = f"{graph.version}/{PAGE}/assigned_users"
    people = [
        {"id": "71", "name": "A", "tasks": ["CREATE_CONTENT"]},
        {"id": "74", "name": "B", "tasks": ["MANAGE"], "access": "direct"},
    ]
    sandbox.set_rights("graph", PAGE, people)
    with pytest.raises(facebook.GraphAPIError):
        graph.request(where)
    assert [each["id"] for each in graph.request(where, args={"business": "1"})["data"]] == ["sandbox", "71"]
    assert graph.request(where, args={"user": "71"}, method="DELETE") == {"success": True}
    with pytest.raises(facebook.GraphAPIError):
        graph.request(where, args={"user": "74"}, method="DELETE")
    with pytest.raises(facebook.GraphAPIError):
        graph.request(f"{graph.version}/{PAGE}/roles")
    token = graph.request(f"{graph.version}/{PAGE}", args={"fields": "access_token"})["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    roles = requests.get(f"{sandbox.url}/graph/{PAGE}/roles", headers=bearer, timeout=5).json()["data"]
    assert [each["id"] for each in roles] == ["sandbox", "74"]
    graph.request(where, post_args={"user": "71", "tasks": '["ANALYZE"]'}, method="POST")
    with pytest.raises(facebook.GraphAPIError):
        graph.request(where, post_args={"user": "71", "tasks": '["FLY"]'}, method="POST")
    assert sandbox.rights("graph", PAGE)[-1] == {"id": "71", "name": "A", "tasks": ["ANALYZE"], "access": "assigned"}
    assert sandbox.counts()["graph"]["delete"] == 0, "no post was deleted"


def test_one_who_lies_says_yes_and_changes_nothing(sandbox: SandboxServer, graph: facebook.GraphAPI) -> None:
    before = sandbox.rights("graph", PAGE)
    sandbox.scene("graph", is_lying=True)
    asked = {"user": before[0]["id"]}
    assert graph.request(f"{graph.version}/{PAGE}/assigned_users", args=asked, method="DELETE") == {"success": True}
    assert sandbox.rights("graph", PAGE) == before


def test_a_suspended_sub_account_sends_nothing_and_can_be_made_active(sandbox: SandboxServer, sms: Client) -> None:
    below = Client(SUB, "its-own-token")
    below.api.base_url = f"{sandbox.url}/twilio"
    send(below)
    assert sms.messages.list() == [], "what a sub-account sends is not among its parent's"
    assert sms.api.v2010.accounts(SUB).fetch().status == "active"
    sms.api.v2010.accounts(SUB).update(status="suspended")
    with pytest.raises(TwilioRestException) as refused:
        send(below)
    assert refused.value.code == 20005
    sms.api.v2010.accounts(SUB).update(status="active")
    send(below)
    for sid, status in ((ACCOUNT_SID, "suspended"), (SUB, "asleep")):
        with pytest.raises(TwilioRestException):
            sms.api.v2010.accounts(sid).update(status=status)
    sandbox.scene("twilio", gone=[SUB])
    with pytest.raises(TwilioRestException) as gone:
        sms.api.v2010.accounts(SUB).fetch()
    assert gone.value.code == 20404


def test_rights_survive_a_kill(tmp_path: Path) -> None:
    with SandboxServer(TOKEN, journal=tmp_path / "journal.jsonl") as sandbox:
        sandbox.set_rights("graph", PAGE, [{"id": "71", "name": "A", "tasks": ["MANAGE"]}])
        asked = {"user": "71"}
        where = f"{sandbox.url}/graph/{PAGE}/assigned_users"
        requests.delete(where, params=asked, headers=BEARER, timeout=5).raise_for_status()
        sandbox.set_rights("twilio", SUB, "suspended")
        sandbox.kill()
        sandbox.start()
        assert sandbox.rights("graph", PAGE) == []
        assert sandbox.rights("twilio", SUB) == "suspended"


def test_a_token_that_was_invalidated_is_let_in_no_more(sandbox: SandboxServer) -> None:
    invalidate, verify = "oauth/invalidate_token", "account/verify_credentials"

    def ask(method: str, what: str, token: str) -> requests.Response:
        headers = {"Authorization": f'OAuth oauth_token="{token}"'}
        return requests.request(method, f"{sandbox.url}/x/1.1/{what}.json", headers=headers, timeout=5)

    assert ask("GET", verify, "4711-tool").json()["id_str"] == "4711"
    assert ask("POST", invalidate, "4711-tool").json() == {"access_token": "4711-tool"}
    for method, what in (("GET", verify), ("POST", invalidate)):
        refused = ask(method, what, "4711-tool")
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (401, 89)
    assert ask("GET", verify, "4711-another").status_code == 200
    sandbox.scene("x", gone=["4711"])
    assert ask("GET", verify, "4711-another").json()["errors"][0]["code"] == 50
    with pytest.raises(ValueError, match="scheduled"):
        sandbox.foreign("a", "x", "4711", "Senere", due_in_seconds=60)


def test_a_feed_is_there_in_both_forms_and_says_what_has_not_changed(sandbox: SandboxServer) -> None:
    sandbox.foreign("a", "feeds", "17", "Åpent & klart", title="Åpent", author="En ansatt", link="https://a.example/1")
    where = f"{sandbox.url}/feeds/17"
    for kind in ("", "?format=rss"):
        answer = requests.get(where + kind, timeout=5)
        assert "Åpent &amp; klart" in answer.text
        assert "https://a.example/1" in answer.text
        again = requests.get(where + kind, headers={"If-None-Match": answer.headers["etag"]}, timeout=5)
        assert (again.status_code, again.content) == (304, b"")
    assert "Åpent" not in requests.get(f"{sandbox.url}/feeds/18", timeout=5).text
    sandbox.scene("feeds", gone=["17"])
    assert requests.get(where, timeout=5).status_code == 404
