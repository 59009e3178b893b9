"""Users of the sandbox's WordPress sites: what the stand-in does beyond answering as the real one (tests/adapters/real_wordpress)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.adapters.sandbox.clients import wait_for
from tests.adapters.sandbox_server import SandboxServer

PEOPLE = [{"login": "kari", "name": "Kari Nordmann", "roles": ["editor"], "passwords": 2}]


def ask(
    sandbox: SandboxServer, login: str | None, method: str, route: str, site: str = "wp", **more: Any
) -> requests.Response:
    url = f"{sandbox.url}/{site}/wp-json/wp/v2/{route}"
    return requests.request(method, url, auth=(login, "pw") if login else None, timeout=5, **more)


def roles(sandbox: SandboxServer, site: str = "wp") -> dict[str, list[str]]:
    shown = ask(sandbox, "admin", "GET", "users", site, params={"context": "edit", "per_page": 100}).json()
    return {each["username"]: each["roles"] for each in shown}


def id_of(sandbox: SandboxServer, login: str) -> int:
    shown = ask(sandbox, "admin", "GET", "users", params={"context": "edit", "per_page": 100}).json()
    return int(next(each["id"] for each in shown if each["username"] == login))


def test_a_site_has_an_administrator_our_user_and_a_unit_s_editor_from_the_beginning(sandbox: SandboxServer) -> None:
    there = {"admin": ["administrator"], "sandbox": ["author"], "redaktor": ["editor"]}
    assert roles(sandbox) == roles(sandbox, "wp/bibliotek") == there
    ask(sandbox, "contributor-9", "GET", "users/me").raise_for_status()
    ask(sandbox, "hvemsomhelst", "GET", "users/me").raise_for_status()
    assert roles(sandbox) == {**there, "contributor-9": ["contributor"], "hvemsomhelst": ["author"]}


def test_rights_are_put_and_a_role_holds_from_the_next_request_on(sandbox: SandboxServer) -> None:
    sandbox.set_rights("wordpress", "wp", PEOPLE)
    number = id_of(sandbox, "kari")
    post = {"title": "Åpent", "status": "publish"}
    assert ask(sandbox, "kari", "POST", "posts", json=post).status_code == 201
    assert ask(sandbox, "admin", "POST", f"users/{number}", json={"roles": ["subscriber"]}).json()["roles"] == [
        "subscriber"
    ]
    assert ask(sandbox, "kari", "POST", "posts", json=post).status_code == 403
    assert len(ask(sandbox, "admin", "GET", f"users/{number}/application-passwords").json()) == 2
    assert [each["verb"] for each in sandbox.records("wordpress")] == ["right", "create", "right"]


@pytest.mark.parametrize("wrong", [[{"login": "kari", "roles": ["keiser"]}], [{"login": ""}], "kari", [{"roles": []}]])
def test_rights_that_cannot_be_are_refused(sandbox: SandboxServer, wrong: object) -> None:
    with pytest.raises(ValueError, match="422"):
        sandbox.set_rights("wordpress", "wp", wrong)


def test_whoever_was_deleted_is_not_let_in_again(sandbox: SandboxServer) -> None:
    ask(sandbox, "editor-1", "GET", "users/me").raise_for_status()
    number = id_of(sandbox, "editor-1")
    forced = {"force": "true", "reassign": "1"}
    ask(sandbox, "admin", "DELETE", f"users/{number}", params=forced).raise_for_status()
    refused = ask(sandbox, "editor-1", "GET", "posts")
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_username")
    assert ask(sandbox, "admin", "POST", f"users/{number}", json={"roles": ["editor"]}).status_code == 404


def test_roles_and_what_waits_survive_a_crash(tmp_path: Path) -> None:
    with SandboxServer(journal=tmp_path / "journal") as sandbox:
        sandbox.set_rights("wordpress", "wp", PEOPLE)
        number = id_of(sandbox, "kari")
        ahead = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
        made = ask(
            sandbox, "kari", "POST", "posts", json={"title": "Fest", "status": "publish", "date_gmt": ahead}
        ).json()
        ask(sandbox, "admin", "POST", f"users/{number}", json={"roles": ["subscriber"]}).raise_for_status()
        sandbox.kill()
        sandbox.start()
        assert roles(sandbox)["kari"] == ["subscriber"]
        assert id_of(sandbox, "kari") == number
        shown = ask(sandbox, "admin", "GET", f"posts/{made['id']}", params={"context": "edit"}).json()
        assert (shown["status"], shown["date_gmt"], shown["author"]) == ("future", ahead, number)


def test_what_waits_comes_out_by_the_sites_own_clock_whatever_its_author_may_do(sandbox: SandboxServer) -> None:
    sandbox.scene("wordpress", skew_seconds=300)
    at = (datetime.now(UTC) + timedelta(seconds=302)).strftime("%Y-%m-%dT%H:%M:%S")
    made = ask(sandbox, "redaktor", "POST", "posts", json={"title": "Fest", "status": "publish", "date_gmt": at}).json()
    assert made["status"] == "future"
    ask(
        sandbox, "admin", "POST", f"users/{id_of(sandbox, 'redaktor')}", json={"roles": ["subscriber"]}
    ).raise_for_status()
    assert ask(sandbox, None, "GET", f"posts/{made['id']}").status_code == 401
    wait_for(lambda: ask(sandbox, None, "GET", f"posts/{made['id']}").status_code == 200)
