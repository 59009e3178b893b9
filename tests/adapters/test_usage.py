"""What X's and Meta's headers say of an allowance, and nothing where they are not as documented."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.usage import of_meta, of_x, regained_in
from crisis.channels import Usage

BUC = "X-Business-Use-Case-Usage"


def x_headers(limit: object, remaining: object, reset: object) -> dict[str, str]:
    return {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": str(remaining),
        "x-rate-limit-reset": str(reset),
    }


def test_x_says_how_many_calls_are_left_and_for_how_long() -> None:
    usage = of_x(x_headers(100, 10, int(time.time()) + 300))
    assert usage is not None
    assert usage.used == pytest.approx(0.9)
    assert usage.remaining == 10
    assert 298 <= (usage.resets_in or 0) <= 300


def test_what_should_have_been_reset_already_is_about_to_be() -> None:
    assert of_x(x_headers(100, 0, int(time.time()) - 60)) == Usage(1.0, 0, 1.0)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        x_headers(0, 0, 1),
        x_headers(100, 101, 1),
        x_headers(100, -1, 1),
        x_headers("many", 1, 1),
        x_headers(100, 1, "soon"),
    ],
    ids=["none", "no allowance", "more left than there is", "less than none", "words", "no time"],
)
def test_headers_of_x_that_make_no_sense_say_nothing(headers: dict[str, str]) -> None:
    assert of_x(headers) is None


def test_meta_is_taken_at_the_fullest_of_its_counts() -> None:
    uses = {"1": [{"type": "pages", "call_count": 28, "total_cputime": 25, "total_time": 80}]}
    headers = {
        BUC: json.dumps(uses),
        "X-App-Usage": json.dumps({"call_count": 60, "total_time": 1, "total_cputime": 1}),
    }
    assert of_meta(headers) == Usage(0.8)


def test_meta_says_in_minutes_when_it_can_be_called_again() -> None:
    headers = {BUC: json.dumps({"1": [{"call_count": 100, "estimated_time_to_regain_access": 7}]})}
    assert of_meta(headers) == Usage(1.0, resets_in=420.0)
    assert regained_in(headers) == 420.0


def test_meta_counts_nothing_while_hardly_anything_is_used() -> None:
    assert of_meta({}) is None
    assert regained_in({}) is None
    assert regained_in({BUC: json.dumps({"1": [{"call_count": 3, "estimated_time_to_regain_access": 0}]})}) is None


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.just(50),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["1", "call_count", "estimated_time_to_regain_access"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_json, _json)
def test_no_header_of_metas_is_more_than_it_can_bear(by_object: object, app: object) -> None:
    usage = of_meta({BUC: json.dumps(by_object), "X-App-Usage": json.dumps(app)})
    assert usage is None or usage.used >= 0
