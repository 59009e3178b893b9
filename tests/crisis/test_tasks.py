import time

import pytest

from crisis.tasks import Recurring


def test_what_waited_for_its_successor_is_dropped_and_what_comes_in_its_time_is_done() -> None:
    done = []
    recurring = Recurring(0.4)
    for _ in range(100):  # as many as beat asked for while nobody was there
        recurring.run(lambda: done.append(1))
    assert len(done) == 1
    time.sleep(0.25)
    recurring.run(lambda: done.append(2))
    assert done == [1, 2]


def test_one_that_fails_has_had_its_turn_and_the_next_is_done() -> None:
    def fail() -> None:
        raise OSError("the database is away")

    done = []
    recurring = Recurring(0.4)
    with pytest.raises(OSError, match="away"):
        recurring.run(fail)
    recurring.run(lambda: done.append(1))
    assert done == []
    time.sleep(0.25)
    recurring.run(lambda: done.append(2))
    assert done == [2]
