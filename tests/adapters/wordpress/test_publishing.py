"""Publishing on a WordPress site: one post for one message, however often it is tried."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from adapters.wordpress import WordPress, build
from crisis.channels import Found, Misconfigured, ReceiptStatus, Unsupported
from crisis.mode import Mode
from tests.adapters.sandbox_server import SandboxServer
from tests.adapters.scripted import Answer, Scripted
from tests.adapters.wordpress.site import EMPTY, MESSAGE, PASSWORD, POSTS, SINCE, account, post, setup_for


async def test_it_looks_first_and_then_creates_under_the_keys_own_slug(site: Scripted, wordpress: WordPress) -> None:
    site.script(EMPTY, Answer(201, post()))
    receipt = await wordpress.publish(account(site.url), MESSAGE)
    assert (receipt.reference, receipt.key, receipt.status) == ("5", "17", ReceiptStatus.ACCEPTED)
    assert receipt.url == "https://www.example.no/?p=5"
    look, create = site.requests
    assert (look.method, look.path, look.query["rest_route"]) == ("GET", "/", POSTS)
    assert (look.query["slug"], look.query["status"]) == ("crisis-17", "any")
    assert (create.method, create.path, create.query) == ("POST", "/", {"rest_route": POSTS})
    assert create.json == {
        "title": "Skred ved Moen",
        "content": MESSAGE.html,
        "slug": "crisis-17",
        "status": "publish",
    }
    basic = "Basic " + base64.b64encode(f"krise:{PASSWORD}".encode()).decode()
    assert {seen.headers["authorization"] for seen in site.requests} == {basic}


async def test_a_second_publication_of_a_key_finds_the_first(site: Scripted, wordpress: WordPress) -> None:
    site.script(Answer(200, [post(4, slug="crisis-17-2"), post(5)]))
    assert (await wordpress.publish(account(site.url), MESSAGE)).reference == "5"
    assert [seen.method for seen in site.requests] == ["GET"]


async def test_a_draft_with_the_slug_is_finished_and_not_doubled(site: Scripted, wordpress: WordPress) -> None:
    site.script(Answer(200, [post(5, status="draft")]), Answer(200, post(5)))
    assert (await wordpress.publish(account(site.url), MESSAGE)).reference == "5"
    assert site.requests[1].query["rest_route"] == f"{POSTS}/5"
    assert site.requests[1].json["status"] == "publish"


async def test_a_post_that_wordpress_keeps_for_review_is_not_out(site: Scripted, wordpress: WordPress) -> None:
    site.script(EMPTY, Answer(201, post(status="pending")))
    with pytest.raises(Misconfigured, match="author"):
        await wordpress.publish(account(site.url), MESSAGE)


async def test_a_text_without_html_is_escaped(site: Scripted, wordpress: WordPress) -> None:
    site.script(EMPTY, Answer(201, post()))
    text = "Først <script>alert(1)</script>\nlinje\n\nSå & slutt"
    await wordpress.publish(account(site.url), replace(MESSAGE, title="Skred & <ras>", html=None, text=text))
    assert site.requests[1].json["title"] == "Skred &amp; &lt;ras&gt;", "to WordPress a title is HTML too"
    sent = site.requests[1].json["content"]
    assert sent == "<p>Først &lt;script&gt;alert(1)&lt;/script&gt;<br>linje</p>\n<p>Så &amp; slutt</p>"


@pytest.mark.parametrize(
    ("address", "path"), [("", "/"), ("/", "/"), ("/nyheter", "/nyheter/"), ("/nyheter/?x=1", "/nyheter/")]
)
async def test_a_site_may_live_in_a_folder(site: Scripted, wordpress: WordPress, address: str, path: str) -> None:
    site.script(Answer(200, [post()]))
    await wordpress.publish(account(site.url + address), MESSAGE)
    assert site.requests[0].path == path
    assert "x" not in site.requests[0].query


@pytest.mark.parametrize(
    "changed",
    [
        {"credentials": {}},
        {"credentials": {"username": "krise"}},
        {"credentials": {"application_password": PASSWORD}},
        {"address": None},
        {"address": "www.example.no"},
        {"address": "ftp://www.example.no"},
        {"address": "http://["},
    ],
)
async def test_an_account_that_says_too_little_waits_for_a_person(
    site: Scripted, wordpress: WordPress, changed: dict[str, Any]
) -> None:
    with pytest.raises(Misconfigured, match="Kommunens nettsted"):
        await wordpress.publish(account(site.url, **changed), MESSAGE)
    assert not site.requests


async def test_it_claims_what_it_can(wordpress: WordPress) -> None:
    capabilities = build(setup_for()).capabilities
    assert capabilities.edit
    assert capabilities.withdraw
    assert capabilities.reconcile
    assert not capabilities.idempotent, "two overlapping publications leave two posts"
    assert capabilities.limit is None
    with pytest.raises(Unsupported):
        wordpress.answer_challenge({})


async def test_the_whole_life_of_a_post_on_the_stand_in() -> None:
    with SandboxServer() as sandbox:
        where = account(f"{sandbox.url}/wp/")
        wordpress = WordPress(setup_for(mode=Mode.EXERCISE, allowed_hosts=frozenset({sandbox.host})))
        receipt = await wordpress.publish(where, MESSAGE)
        assert (await wordpress.publish(where, MESSAGE)).reference == receipt.reference
        await wordpress.edit(where, receipt.reference, replace(MESSAGE, title="Skred ved Moen og Elvesletta"))
        finding = await wordpress.read_back(where, receipt.reference)
        assert (finding.text or "").startswith("Skred ved Moen og Elvesletta\n")
        assert (await wordpress.reconcile(where, MESSAGE, SINCE)).reference == receipt.reference
        await wordpress.withdraw(where, receipt.reference)
        await wordpress.withdraw(where, receipt.reference)
        assert (await wordpress.reconcile(where, MESSAGE, SINCE)).found is Found.NO
        await wordpress.close()
