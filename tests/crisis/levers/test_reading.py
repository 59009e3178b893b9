"""What a look at who can publish says, beside what was so before."""

from crisis.channel_access import Access, Right
from crisis.levers import reading
from crisis.levers.states import LeverState

KARI = Right("1", "Kari", ("editor",))
PER = Right("2", "Per", ("author", "moderator"))
READER = Right("3", "Liv", ("reader",), can_publish=False)
FIXED = Right("4", "Ola", (), is_removable=False)


def test_what_a_lever_has_come_to() -> None:
    assert reading.state_of(Access((READER,))) is LeverState.PULLED
    assert reading.state_of(Access((READER, FIXED))) is LeverState.INCOMPLETE
    assert reading.state_of(Access((KARI, FIXED))) is LeverState.FAILED


def test_what_is_given_back_grows_and_never_shrinks() -> None:
    before = Access((KARI, PER))
    cut = Right("1", "Kari", ("reader",), can_publish=False)
    assert reading.with_newcomers(before, Access((cut,))) == before
    assert reading.with_newcomers(before, Access((cut, FIXED, READER))).rights == (KARI, PER, FIXED)
    assert reading.with_newcomers(None, Access((cut,))) == Access((cut,))


def test_who_lacks_what_they_had() -> None:
    before = Access((KARI, PER, READER, FIXED))
    assert reading.lacking(before, before) == []
    more = Right("2", "Per", ("moderator", "author", "admin"))
    assert reading.lacking(before, Access((KARI, more, READER, FIXED))) == [], "more than they had is no lack"
    half = Right("2", "Per", ("author",))
    assert reading.lacking(before, Access((KARI, half, FIXED))) == [PER, READER]


def test_many_names_are_counted() -> None:
    many = [Right(str(n), f"P{n}") for n in range(13)]
    assert reading.names(many) == "P0, P1, P2, P3, P4, P5, P6, P7, P8, P9 and 3 more"
    assert reading.names([Right("17", "")]) == "17"
