"""WordPress in the sandbox, as its REST API answers."""

from typing import Any

import pytest
import requests

from tests.adapters.sandbox.clients import LOGIN
from tests.adapters.sandbox_server import SandboxServer


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
