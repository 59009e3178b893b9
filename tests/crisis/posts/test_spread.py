"""Spread: when each of the posts goes out that were blocked and are published after all."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from crisis.posts.spread import OF_ALL, OF_ONE_ACCOUNT, Moment, free

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def seconds(found: list[datetime]) -> list[float]:
    return [(at - NOW).total_seconds() for at in found]


def test_the_first_goes_at_once_and_the_next_of_the_account_two_minutes_later() -> None:
    assert seconds(free(NOW, [1, 1, 1], [])) == [0, 120, 240]


def test_accounts_share_the_minutes_between_them() -> None:
    assert seconds(free(NOW, [1, 1, 2, 2, 3], [])) == [0, 120, 10, 130, 20]


def test_what_has_just_gone_out_and_what_others_have_taken_is_kept_clear_of() -> None:
    taken = [Moment(1, NOW - timedelta(seconds=30)), Moment(2, NOW + timedelta(seconds=5))]
    assert seconds(free(NOW, [1, 3], taken)) == [90, 15]


@settings(max_examples=60)
@given(
    wanted=st.lists(st.integers(1, 4), min_size=1, max_size=12),
    taken=st.lists(st.tuples(st.integers(1, 4), st.integers(-120, 600)), max_size=8),
)
def test_no_two_are_nearer_than_the_rule_and_none_waits_longer_than_it_must(
    wanted: list[int], taken: list[tuple[int, int]]
) -> None:
    held = [Moment(account, NOW + timedelta(seconds=at)) for account, at in taken]
    for account, at in zip(wanted, free(NOW, wanted, held), strict=True):
        assert at >= NOW
        for other in held:
            assert abs(at - other.at) >= (OF_ONE_ACCOUNT if other.account_id == account else OF_ALL)
        if at > NOW:  # a moment earlier, something stands in the way
            earlier = at - timedelta(microseconds=1)
            assert any(
                abs(earlier - other.at) < (OF_ONE_ACCOUNT if other.account_id == account else OF_ALL) for other in held
            )
        held.append(Moment(account, at))
