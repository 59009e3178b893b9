"""What is out on a WordPress site: it is read back, changed and taken down, and nobody else's post is."""

from dataclasses import replace

import pytest

from adapters.wordpress import WordPress
from crisis.channels import Found, Misconfigured, OutcomeUnknown, Rejected
from tests.adapters.scripted import Answer, Scripted
from tests.adapters.wordpress.site import BROKEN, EMPTY, MESSAGE, POSTS, SINCE, account, error, post

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
