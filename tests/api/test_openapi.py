"""The whole API as its own description has it, asked by somebody of every role with whatever that allows and some of what it does
not: whatever is asked, the answer is one that the description knows, and never that we failed.

At length, as many examples of each operation as are given: ``OPENAPI_EXAMPLES=200 python -m pytest tests/api/test_openapi.py``.
"""

import os
from collections.abc import Iterator

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation

from crisis.bootstrap import Crisis
from crisis.drills import service as drills
from crisis.roles import Role
from crisis.tokens.service import create_token
from tests import factories
from tests.api.server import ApiServer
from tests.factories import EDITORS, OPERATOR

EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "2"))
UNITS = {Role.UNIT: "biblioteket", Role.EDITOR: EDITORS}
TRIED = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES < 10,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
async def tokens(crisis: Crisis) -> dict[str, str | None]:
    """Of somebody of every role, and of nobody, where something is behind the first numbers of everything."""
    for channel in ("website", "facebook", "sms"):
        await factories.account(crisis, channel)
    await factories.account(crisis, "facebook", unit="biblioteket")
    audience = await factories.audience(crisis, 2)
    slide = crisis.shelf.entry("kvikkleireskred")
    await drills.start(crisis.db, OPERATOR, crisis.shelf.get(slide.id), sha256=slide.sha256)
    activation = await factories.activation(crisis.db)
    await factories.approved_alert(crisis, activation.id, audience_id=audience)
    await factories.alert(crisis, activation.id, audience_id=audience)
    made: dict[str, str | None] = {"nobody": None}
    for role in set(Role) - {Role.OPERATOR}:
        _, made[role.value] = await create_token(crisis.db, OPERATOR, role.value, role, UNITS.get(role))
    return made


def operations(server: ApiServer) -> Iterator[APIOperation]:
    """Everything the description has."""
    schema = schemathesis.openapi.from_dict(server.app.openapi())
    schema.config.update(base_url=server.url)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        yield found.ok()


@pytest.mark.timeout(60 + 60 * EXAMPLES)
def test_nobody_can_make_it_fail_by_asking(server: ApiServer, tokens: dict[str, str | None]) -> None:
    wrong: list[str] = []
    asked = 0
    with requests.Session() as session:
        for operation in operations(server):

            @TRIED
            @given(case=operation.as_strategy())
            def some(case: schemathesis.Case) -> None:
                nonlocal asked
                for role, token in tokens.items():
                    headers = {"Authorization": f"Bearer {token}"} if token else {}
                    answer = case.call(session=session, headers=headers)
                    asked += 1
                    if answer.status_code >= 500:
                        wrong.append(f"{role}: {case.operation.label}: {answer.status_code} {answer.text[:300]}")

            some()
    assert asked >= 40 * len(tokens)
    assert not wrong, "\n".join(wrong)
