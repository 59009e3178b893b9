"""What follows on a WordPress site: in the same post, the newest words on top, what was said before below with its time."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests

from adapters.fragment import plain_text
from adapters.wordpress import WordPress
from crisis.channels import ChannelError, Earlier, Found, Gone, Misconfigured, OutcomeUnknown, Outgoing, Throttled
from crisis.mode import Mode
from tests.adapters.sandbox_server import SandboxServer
from tests.adapters.scripted import Answer, Reset, Scripted
from tests.adapters.wordpress.site import MESSAGE, PASSWORD, SINCE, account, error, post, setup_for

LOGIN = ("krise", PASSWORD)
EARLIER = Earlier(
    "17", "alert", "Skred ved Moen", MESSAGE.text, MESSAGE.html, SINCE, "5", "https://www.example.no/?p=5"
)
GONE = error(404, "rest_post_invalid_id")


def following(kind: str, *earlier: Earlier, **changed: Any) -> Outgoing:
    at = SINCE + timedelta(minutes=30 * (len(earlier) or 1))
    made = replace(MESSAGE, key="18", kind=kind, title="Rettelse: Skred", text="Møt i hallen.", html=None, issued_at=at)
    return replace(made, **{"earlier": earlier or (EARLIER,), "edits": "5"} | changed)


def as_earlier(out: Outgoing) -> Earlier:
    assert out.issued_at
    return Earlier(out.key, out.kind, out.title, out.text, out.html, out.issued_at, "5")


def ask(method: str, url: str, **more: Any) -> requests.Response:
    return requests.request(method, url, timeout=5, **more)


@pytest.fixture
def site() -> Iterator[Scripted]:
    with Scripted() as server:
        yield server


@pytest.fixture
async def wordpress() -> AsyncIterator[WordPress]:
    channel = WordPress(setup_for())
    yield channel
    await channel.close()


async def test_the_new_words_are_on_top_and_the_old_below_with_their_time(site: Scripted, wordpress: WordPress) -> None:
    site.script(Answer(200, post()))
    receipt = await wordpress.edit(account(site.url), "5", following("update"))
    assert (receipt.reference, receipt.key, receipt.url) == ("5", "18", "https://www.example.no/?p=5")
    (seen,) = site.requests
    assert seen.query["rest_route"] == "/wp/v2/posts/5"
    assert "slug" not in seen.json
    assert seen.json["content"].split("\n") == [
        "<p>Møt i hallen.</p>",
        "<hr>",
        "<h3>Tidligere meldinger</h3>",
        "<h4>Skred ved Moen</h4>",
        "<p><em>Viktig melding. Publisert 20. november kl. 06.00.</em></p>",
        "<p>Gå ut nå.</p><ul><li>Møt på Fjordhallen.</li></ul>",
    ]


@pytest.mark.parametrize(
    ("kind", "language", "said"),
    [
        ("correction", "nb", "Rettet 20. november kl. 06.30."),
        ("correction", "nn", "Retta 20. november kl. 06.30."),
        ("correction", "en", "Corrected 20 November at 06:30."),
        ("retraction", "nb", "Trukket tilbake 20. november kl. 06.30. Dette gjelder ikke."),
        ("retraction", "nn", "Trekt tilbake 20. november kl. 06.30. Dette gjeld ikkje."),
        ("retraction", "en", "Withdrawn 20 November at 06:30. This does not apply."),
    ],
)
async def test_what_is_not_true_any_more_says_so_before_its_words(
    site: Scripted, wordpress: WordPress, kind: str, language: str, said: str
) -> None:
    site.script(Answer(200, post()))
    await wordpress.edit(account(site.url), "5", following(kind, language=language))
    content = site.requests[0].json["content"]
    assert content.count(said) == 1
    assert content.index("Møt i hallen") < content.index(said) < content.index("Gå ut nå.")


async def test_a_correction_is_about_the_last_before_it_and_a_retraction_about_all(
    site: Scripted, wordpress: WordPress
) -> None:
    update = as_earlier(following("update", key="18", html="<p>To</p>"))
    correction = as_earlier(following("correction", update, EARLIER, key="19", html="<p>Tre</p>"))
    site.script(Answer(200, post()), Answer(200, post()))
    await wordpress.edit(account(site.url), "5", following("update", correction, update, EARLIER))
    content = site.requests[0].json["content"]
    assert content.index("<p>Tre</p>") < content.index("Rettet 20. november kl. 07.00.") < content.index("<p>To</p>")
    assert content.count("Rettet") == 1
    await wordpress.edit(account(site.url), "5", following("retraction", correction, update, EARLIER))
    content = site.requests[1].json["content"]
    assert content.count("Trukket tilbake 20. november kl. 07.30. Dette gjelder ikke.") == 3
    assert "Rettet" not in content


async def test_what_somebody_wrote_as_a_headline_is_text_below_too(site: Scripted, wordpress: WordPress) -> None:
    site.script(Answer(200, post()))
    await wordpress.edit(account(site.url), "5", following("update", replace(EARLIER, title="<script>x</script>")))
    assert "<h4>&lt;script&gt;x&lt;/script&gt;</h4>" in site.requests[0].json["content"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (GONE, Gone),
        (error(429, "too_many"), Throttled),
        (error(401, "rest_cannot_edit"), Misconfigured),
        (error(403, "rest_cannot_edit"), Misconfigured),
        (Answer(200, post(status="pending")), Misconfigured),
        (error(500, "internal_server_error"), OutcomeUnknown),
        (Answer(404, "<html>", content_type="text/html"), OutcomeUnknown),
        (Answer(200, "{"), OutcomeUnknown),
        (Answer(200, []), OutcomeUnknown),
        (Answer(200, {"deleted": True}), OutcomeUnknown),
        (Reset(), OutcomeUnknown),
    ],
)
async def test_what_a_bad_answer_to_the_edit_means(
    site: Scripted, wordpress: WordPress, answer: Answer | Reset, expected: type[ChannelError]
) -> None:
    site.script(answer)
    with pytest.raises(expected):
        await wordpress.edit(account(site.url), "5", following("correction"))
    assert len(site.requests) == 1


NEW = "<p>Møt i hallen.</p>"


@pytest.mark.parametrize(
    ("answer", "found", "in_place"),
    [
        (Answer(200, post(title={"raw": "Rettelse: Skred"}, content={"raw": f"{NEW}\n<hr><h3>Mer</h3>"})), Found.YES, False),
        (Answer(200, post(title={"raw": "Rettelse: Skred"}, content={"raw": NEW})), Found.YES, False),
        (Answer(200, post()), Found.NO, True),
        (Answer(200, post(title={"raw": "Rettelse: Skred"}, content={"raw": "<p>Møt i hallen. Nei!</p>"})), Found.NO, True),
        (Answer(200, post(content={"raw": f"<p>Gammelt</p>{NEW}"})), Found.NO, True),
        (Answer(200, post(title={"raw": "Rettelse: Skred"}, content={"raw": NEW}, status="draft")), Found.NO, True),
        (GONE, Found.NO, False),
        (error(403, "rest_forbidden"), Found.CANNOT_TELL, False),
        (error(500, "internal_server_error"), Found.CANNOT_TELL, False),
        (Answer(200, "<html>", content_type="text/html"), Found.CANNOT_TELL, False),
        (Reset(), Found.CANNOT_TELL, False),
    ],
)  # fmt: skip
async def test_the_first_words_of_the_post_say_whether_the_edit_was_made(
    site: Scripted, wordpress: WordPress, answer: Answer | Reset, found: Found, in_place: bool
) -> None:
    site.script(answer)
    finding = await wordpress.reconcile(account(site.url), following("correction"), SINCE)
    assert (finding.found, finding.in_place) == (found, in_place)
    assert [seen.query["rest_route"] for seen in site.requests] == ["/wp/v2/posts/5"]


async def test_one_post_with_one_address_through_a_whole_crisis() -> None:
    with SandboxServer() as sandbox:
        where = account(f"{sandbox.url}/wp/")
        wordpress = WordPress(setup_for(mode=Mode.EXERCISE, allowed_hosts=frozenset({sandbox.host})))
        first = await wordpress.publish(where, replace(MESSAGE, issued_at=SINCE))
        told: list[Earlier] = [replace(EARLIER, reference=first.reference)]
        for number, kind in enumerate(("update", "correction", "retraction"), 2):
            out = following(kind, *told, key=str(number), html=f"<p>Tekst {number}</p>", edits=first.reference)
            for _ in range(2):  # an edit that is made again is the same edit
                receipt = await wordpress.edit(where, first.reference, out)
            assert (receipt.reference, receipt.url) == (first.reference, first.url)
            assert (await wordpress.reconcile(where, out, SINCE)).found is Found.YES
            told.insert(0, replace(as_earlier(out), reference=first.reference))
        shown = plain_text(ask("GET", str(first.url)).text) or ""
        assert [line for line in shown.split("\n") if line.startswith(("Tekst", "Gå ut"))] == [
            "Tekst 4", "Tekst 3", "Tekst 2", "Gå ut nå.",
        ]  # fmt: skip
        posts = f"{sandbox.url}/wp/wp-json/wp/v2/posts"
        kept = ask("GET", f"{posts}/{first.reference}/revisions", auth=LOGIN).json()
        assert len(kept) == 3
        # what somebody put into the trash is published again under its old address
        ask("DELETE", f"{posts}/{first.reference}", auth=LOGIN).raise_for_status()
        receipt = await wordpress.edit(where, first.reference, out)
        assert (receipt.url, ask("GET", str(first.url)).status_code) == (first.url, 200)
        assert ask("GET", f"{posts}?slug=crisis-17").json()[0]["id"] == int(first.reference)
        await wordpress.withdraw(where, first.reference)
        await wordpress.withdraw(where, first.reference)
        with pytest.raises(Gone):
            await wordpress.edit(where, first.reference, out)
        assert ask("GET", str(first.url)).status_code == 404
        await wordpress.close()
