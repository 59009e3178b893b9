"""What the WordPress channel makes of every answer that is not a yes, and of no answer."""

import pytest

from adapters.wordpress import WordPress
from crisis.channels import Misconfigured, OutcomeUnknown, Rejected, Throttled, Unavailable
from crisis.mode import Mode
from tests.adapters.scripted import Answer, Reset, Scripted
from tests.adapters.wordpress.site import BROKEN, EMPTY, MESSAGE, PASSWORD, account, error, post, setup_for


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
