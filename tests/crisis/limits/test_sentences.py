"""What the desk reads about an account, in three languages and in Norwegian time."""

from datetime import timedelta

import pytest

from crisis.limits.models import BreakerState, Why
from crisis.limits.sentences import sentence
from tests.crisis.limits.test_breaker import NOW, a_flow

NEXT = NOW + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nb", "Facebook svarer ikke siden kl. 05.58. Neste forsøk kl. 05.59."),
        ("nn", "Facebook svarar ikkje sidan kl. 05.58. Neste forsøk kl. 05.59."),
        ("en", "Facebook has not answered since 05:58. Next try at 05:59."),
        ("se", "Facebook svarer ikke siden kl. 05.58. Neste forsøk kl. 05.59."),
    ],
)
def test_silence(language: str, said: str) -> None:
    flow = a_flow(state=BreakerState.OPEN, why=Why.SILENT, failing_since=NOW, next_try_at=NEXT)
    assert sentence(flow, "Facebook", NOW, language=language) == said


def test_a_probe_under_way_and_a_standby_that_sends() -> None:
    flow = a_flow(state=BreakerState.HALF_OPEN, why=Why.SILENT, failing_since=NOW, diverted=True)
    said = sentence(flow, "SMS", NOW, standby="Reserve")
    assert said == "SMS svarer ikke siden kl. 05.58. Vi prøver nå. Reserve sender i stedet."


def test_refused_credentials_ask_for_a_person() -> None:
    flow = a_flow(state=BreakerState.OPEN, why=Why.MISCONFIGURED, failing_since=NOW, next_try_at=NEXT)
    assert "Noen må rette den" in sentence(flow, "X", NOW)
    assert "crisis accounts connect" in sentence(flow, "X", NOW, language="en")


def test_waiting_and_slowing_down() -> None:
    assert sentence(a_flow(held_until=NEXT), "X", NOW) == "X har bedt oss vente til kl. 05.59."
    assert "saktere" in sentence(a_flow(per_second=3.0), "SMS", NOW)


def test_nothing_is_said_of_an_account_that_is_well() -> None:
    assert sentence(a_flow(held_until=NOW), "X", NOW) == ""
