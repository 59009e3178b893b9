import base64
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.wordpress import WordPress, build
from crisis.channels import (
    AccountRef,
    ChannelSetup,
    Found,
    Misconfigured,
    OutcomeUnknown,
    Outgoing,
    ReceiptStatus,
    Rejected,
    Throttled,
    Unavailable,
    Unsupported,
)
from crisis.mode import Mode
from tests.adapters.sandbox_server import SandboxServer
from tests.adapters.scripted import Answer, Reset, Scripted

PASSWORD = "abcd EFGH 1234 ijkl"
SINCE = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
MESSAGE = Outgoing(
    key="17",
    mode=Mode.ACTUAL,
    kind="alert",
    language="nb",
    title="Skred ved Moen",
    text="Gå ut nå.",
    html="<p>Gå ut nå.</p><ul><li>Møt på Fjordhallen.</li></ul>",
)
POSTS = "/wp/v2/posts"
EMPTY = Answer(200, [])


def setup_for(**changed: Any) -> ChannelSetup:
    setup = ChannelSetup(
        mode=Mode.ACTUAL,
        graph_url="",
        graph_version="v26.0",
        x_url="",
        twilio_url="",
        callback_url="",
        public_dir=Path("public"),
        templates_dir=Path("templates"),
        municipality="Fjordvik kommune",
        crisis_page_host="krise.example.no",
        languages=("nb",),
        allowed_hosts=None,
        call_seconds=4.0,
    )
    return replace(setup, **changed)


def account(url: str, **changed: Any) -> AccountRef:
    credentials = {"username": "krise", "application_password": PASSWORD}
    return replace(AccountRef(3, "wordpress", "Kommunens nettsted", url, credentials), **changed)


def post(number: int = 5, **changed: Any) -> dict[str, Any]:
    return {
        "id": number,
        "slug": "crisis-17",
        "status": "publish",
        "link": f"https://www.example.no/?p={number}",
        "title": {"raw": "Skred ved Moen", "rendered": "Skred ved Moen"},
        "content": {"raw": MESSAGE.html, "rendered": MESSAGE.html},
        **changed,
    }


def error(status: int, code: str, **headers: str) -> Answer:
    body = {"code": code, "message": "Sorry.", "data": {"status": status}}
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture
def site() -> Iterator[Scripted]:
    with Scripted() as server:
        yield server


@pytest.fixture
async def wordpress() -> AsyncIterator[WordPress]:
    channel = WordPress(setup_for())
    yield channel
    await channel.close()


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


BROKEN: list[Answer | Reset] = [
    Answer(500, {"code": "internal_server_error", "message": "There has been a critical error"}),
    Answer(503, "<html>Maintenance</html>", content_type="text/html"),
    Answer(502, ""),
    Answer(200, "<html>Hello</html>", content_type="text/html"),
    Answer(200, ""),
    Answer(200, "null"),
    Answer(201, {"status": "publish"}),
    Answer(403, "<html>A firewall</html>", content_type="text/html"),
    Answer(201, post(), cut=10),
    Reset(),
    Reset(rude=False),
]


@pytest.mark.parametrize("answer", BROKEN)
async def test_a_broken_answer_to_the_write_leaves_it_unknown(
    site: Scripted, wordpress: WordPress, answer: Answer | Reset
) -> None:
    site.script(EMPTY, answer)
    with pytest.raises(OutcomeUnknown) as raised:
        await wordpress.publish(account(site.url), MESSAGE)
    assert len(site.requests) == 2, "a write is never repeated"
    assert PASSWORD not in str(raised.value)


@pytest.mark.parametrize("answer", BROKEN)
async def test_a_broken_answer_to_the_look_up_means_that_nothing_was_written(
    site: Scripted, wordpress: WordPress, answer: Answer | Reset
) -> None:
    site.script(answer)
    with pytest.raises(Unavailable):
        await wordpress.publish(account(site.url), MESSAGE)
    assert [seen.method for seen in site.requests] == ["GET"]


@pytest.mark.parametrize("step", ["look-up", "write"])
async def test_a_slow_site_is_given_up_within_the_limit(site: Scripted, step: str) -> None:
    slow = Answer(201, post(), after=1.5)
    site.script(*([slow] if step == "look-up" else [EMPTY, slow]))
    wordpress = WordPress(setup_for(call_seconds=0.6))
    with pytest.raises(Unavailable if step == "look-up" else OutcomeUnknown):
        await wordpress.publish(account(site.url), MESSAGE)
    await wordpress.close()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(401, "rest_cannot_create"), Misconfigured),
        (Answer(401, "<html>", content_type="text/html"), Misconfigured),
        (error(403, "rest_cannot_create"), Misconfigured),
        (error(403, "rest_cannot_publish"), Misconfigured),
        (error(403, "blocked_by_plugin"), Rejected),
        (error(404, "rest_no_route"), Misconfigured),
        (error(400, "rest_invalid_param"), Rejected),
        (error(413, "too_large"), Rejected),
        (Answer(301, "", {"Location": "https://www.example.no/"}), OutcomeUnknown),
        (Answer(307, "", {"Location": "https://www.example.no/"}), Misconfigured),
    ],
)
async def test_what_wordpress_refuses(
    site: Scripted, wordpress: WordPress, answer: Answer, expected: type[Exception]
) -> None:
    site.script(EMPTY, answer)
    with pytest.raises(expected):
        await wordpress.publish(account(site.url), MESSAGE)
    assert len(site.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [
        error(401, "incorrect_password"),
        error(400, "rest_invalid_param"),  # what WordPress 6.1.9 says: without rights "any" is no status to ask for
        error(403, "blocked_by_plugin"),
    ],
)
async def test_wrong_credentials_are_told_by_the_look_up_and_lose_no_message(
    site: Scripted, wordpress: WordPress, answer: Answer
) -> None:
    site.script(answer)
    with pytest.raises(Misconfigured, match="application password"):
        await wordpress.publish(account(site.url), MESSAGE)
    assert len(site.requests) == 1


async def test_a_site_that_has_moved_is_told_by_the_look_up_and_not_followed(
    site: Scripted, wordpress: WordPress
) -> None:
    site.script(Answer(301, "", {"Location": f"{site.url}/new/"}))
    with pytest.raises(Misconfigured, match="https and www"):
        await wordpress.publish(account(site.url), MESSAGE)
    assert len(site.requests) == 1


async def test_later_is_not_a_refusal(site: Scripted, wordpress: WordPress) -> None:
    site.script(EMPTY, Answer(429, "", {"Retry-After": "30"}))
    with pytest.raises(Throttled) as raised:
        await wordpress.publish(account(site.url), MESSAGE)
    assert raised.value.retry_after == 30.0


async def test_an_unreachable_site_is_surely_not_written_to(wordpress: WordPress) -> None:
    for address in ("http://127.0.0.1:9", "http://nettsted.invalid"):
        with pytest.raises(Unavailable):
            await wordpress.publish(account(address), MESSAGE)


async def test_a_host_outside_the_wall_is_never_called(site: Scripted) -> None:
    wordpress = WordPress(setup_for(mode=Mode.EXERCISE, allowed_hosts=frozenset({"127.0.0.1:1"})))
    with pytest.raises(Misconfigured):
        await wordpress.publish(account(site.url), MESSAGE)
    await wordpress.close()
    assert not site.requests


OURS = Answer(200, {"id": 5, "slug": "crisis-17"})


async def test_withdrawing_deletes_for_good_and_twice_is_done(site: Scripted, wordpress: WordPress) -> None:
    site.script(OURS, Answer(200, {"deleted": True, "previous": post()}), error(404, "rest_post_invalid_id"))
    for _ in range(2):
        await wordpress.withdraw(account(site.url), "5")
    look, deletion, _ = site.requests
    assert look.method == "GET"
    assert (deletion.method, deletion.query) == ("DELETE", {"rest_route": f"{POSTS}/5", "force": "true"})


async def test_withdrawing_what_is_somebody_elses_keeps_their_words(site: Scripted, wordpress: WordPress) -> None:
    foreign = {"id": 5, "slug": "sommerapent", "status": "publish"}
    site.script(Answer(200, foreign), Answer(200, foreign), Answer(200, {"id": 5, "status": "draft"}))
    await wordpress.withdraw(account(site.url), "pages/5")
    assert [seen.method for seen in site.requests] == ["GET", "GET", "POST"]
    assert site.requests[2].json == {"status": "draft"}
    assert {seen.query["rest_route"] for seen in site.requests} == {"/wp/v2/pages/5"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(404, "rest_no_route"), Misconfigured),
        (Answer(503, ""), OutcomeUnknown),
        (Answer(404, "<html>"), OutcomeUnknown),
    ],
)
async def test_a_deletion_that_is_not_confirmed_is_not_done(
    site: Scripted, wordpress: WordPress, answer: Answer, expected: type[Exception]
) -> None:
    site.script(OURS, answer)
    with pytest.raises(expected):
        await wordpress.withdraw(account(site.url), "5")


async def test_an_edit_changes_the_words_and_not_the_address(site: Scripted, wordpress: WordPress) -> None:
    site.script(Answer(200, post()), error(404, "rest_post_invalid_id"))
    receipt = await wordpress.edit(account(site.url), "5", replace(MESSAGE, key="18", title="Ny tittel"))
    assert receipt.reference == "5"
    assert site.requests[0].json == {"title": "Ny tittel", "content": MESSAGE.html, "status": "publish"}
    with pytest.raises(Rejected, match="no such post"):
        await wordpress.edit(account(site.url), "5", MESSAGE)


@pytest.mark.parametrize("reference", ["", "0", "5/../6", "5&force=true", "٥", "-1"])
async def test_a_reference_that_is_no_id_is_refused(site: Scripted, wordpress: WordPress, reference: str) -> None:
    with pytest.raises(Rejected):
        await wordpress.withdraw(account(site.url), reference)
    assert not site.requests


async def test_read_back_gives_the_words_of_a_published_post(site: Scripted, wordpress: WordPress) -> None:
    site.script(Answer(200, post()), Answer(200, post(status="draft")), error(404, "rest_post_invalid_id"), *BROKEN[:6])
    where = account(site.url)
    finding = await wordpress.read_back(where, "5")
    assert finding.text == "Skred ved Moen\nGå ut nå.\nMøt på Fjordhallen."
    found = [finding.found, *[(await wordpress.read_back(where, "5")).found for _ in range(8)]]
    assert found == [Found.YES, Found.NO, Found.NO, *[Found.CANNOT_TELL] * 6]


async def test_reconcile_looks_for_the_slug(site: Scripted, wordpress: WordPress) -> None:
    site.script(Answer(200, [post(9)]), EMPTY, Answer(200, [post(status="draft")]), error(401, "x"), *BROKEN[:6])
    where = account(site.url)
    findings = [await wordpress.reconcile(where, MESSAGE, SINCE) for _ in range(10)]
    assert [finding.found for finding in findings] == [Found.YES, Found.NO, Found.NO, *[Found.CANNOT_TELL] * 7]
    assert findings[0].reference == "9"
    assert {seen.method for seen in site.requests} == {"GET"}


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
