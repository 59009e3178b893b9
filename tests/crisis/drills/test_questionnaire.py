"""The questionnaire: whoever has the link may answer, once for each time it is opened, and learns nothing by it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from crisis import clock
from crisis.bootstrap import Crisis
from crisis.drills import questionnaire
from crisis.drills.models import Drill, DrillAnswer
from crisis.drills.questionnaire import ANSWERS_MOST, IN_A_MINUTE, TEXT_MOST, Answered, LinkOver, TooMany
from crisis.errors import Invalid
from tests.crisis.drills import runs
from tests.crisis.drills.runs import once


async def link(crisis: Crisis, drill_id: int) -> str:
    async with crisis.db.transaction() as session:
        return questionnaire.token_of(await session.get_one(Drill, drill_id))


async def kept(crisis: Crisis) -> list[DrillAnswer]:
    async with crisis.db.transaction() as session:
        return list(await session.scalars(select(DrillAnswer).order_by(DrillAnswer.id)))


async def test_an_answer_is_kept_once_for_each_time_the_questions_were_opened(crisis: Crisis) -> None:
    token = await link(crisis, await runs.drill(crisis))
    form = once()
    for _ in range(2):
        await questionnaire.answer(
            crisis.db, token, Answered({"Q1": "4", "Q2": " Samarbeidet.\r\nAlt. "}, form, "nettredaksjon")
        )
    await questionnaire.answer(crisis.db, token, Answered({"Q2": "Kaffen"}, once(), "ingen slik rolle"))
    first, second = await kept(crisis)
    assert (first.answers, first.part) == ({"Q1": 4, "Q2": "Samarbeidet.\nAlt."}, "nettredaksjon")
    assert (second.answers, second.part) == ({"Q2": "Kaffen"}, None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "No question"),
        ({"Q1": "", "Q2": "  "}, "No question"),
        ({"Q9": "4"}, "No question"),
        ({"Q1": "6"}, "from 1 to 5"),
        ({"Q1": "0"}, "from 1 to 5"),
        ({"Q1": "-1"}, "from 1 to 5"),
        ({"Q1": "٣"}, "from 1 to 5"),
        ({"Q1": "4" * 5000}, "from 1 to 5"),
        ({"Q2": "x" * (TEXT_MOST + 1)}, "shorter"),
        ({"Q2": "a\x00b"}, "shorter"),
    ],
)
async def test_what_is_no_answer_is_not_kept(crisis: Crisis, given: dict[str, str], said: str) -> None:
    token = await link(crisis, await runs.empty(crisis))
    with pytest.raises(Invalid, match=said):
        await questionnaire.answer(crisis.db, token, Answered(given, once()))
    assert await kept(crisis) == []


async def test_a_link_is_for_one_drill_until_its_report_is_due(crisis: Crisis) -> None:
    first, second = await runs.empty(crisis), await runs.empty(crisis)
    token = await link(crisis, first)
    assert token == await link(crisis, first), "the QR code stays the same"
    async with crisis.db.transaction() as session:
        assert (await questionnaire.open_by(session, token)).drill_id == first
        ends = clock.now() + timedelta(days=14, minutes=1)
        for wrong, now in ((token, ends), *((each, None) for each in _altered(token, second))):
            with pytest.raises(LinkOver):
                await questionnaire.open_by(session, wrong, now)


def _altered(token: str, other: int) -> list[str]:
    number, until, signature = token.split("-")
    return [
        f"{other}-{until}-{signature}",
        f"999999999-{until}-{signature}",
        f"{number}-{int(until) + 1}-{signature}",
        f"{number}-{until}-{signature[::-1]}",
        f"{number}-{until}-",
        f"{number}-{until}-{signature}\n",
        f"{'9' * 40}-{until}-{signature}",
        "",
        "x" * 10_000,
    ]


async def test_nobody_fills_the_table(crisis: Crisis) -> None:
    drill_id = await runs.empty(crisis)
    token, form = await link(crisis, drill_id), once()
    await questionnaire.answer(crisis.db, token, Answered({"Q1": "1"}, form))
    await _add(crisis, drill_id, IN_A_MINUTE - 1, "now()")
    with pytest.raises(TooMany):
        await questionnaire.answer(crisis.db, token, Answered({"Q1": "2"}, once()))
    await questionnaire.answer(crisis.db, token, Answered({"Q1": "1"}, form))  # sent again, and kept already
    other = await runs.empty(crisis)
    await _add(crisis, other, ANSWERS_MOST, "now() - interval '1 hour'")
    with pytest.raises(TooMany):
        await questionnaire.answer(crisis.db, await link(crisis, other), Answered({"Q1": "2"}, once()))
    assert len(await kept(crisis)) == IN_A_MINUTE + ANSWERS_MOST


async def _add(crisis: Crisis, drill_id: int, count: int, at: str) -> None:
    async with crisis.db.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO drill_answers (drill_id, answers, once, at) "
                f"SELECT :drill, '{{\"Q1\": 3}}', gen_random_uuid(), {at} FROM generate_series(1, :count)"
            ),
            {"drill": drill_id, "count": count},
        )
