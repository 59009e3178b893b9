"""The lock protocol holds in every order of every step, and the model of it can tell: it fails with each thing that is wrong.

``make model`` explores it at more sizes. (On the real code and the real database the same is played at random, in
``tests/crisis/deliveries/test_machine.py``.)
"""

import os
import re
from pathlib import Path

import pytest

from tests.model.protocol import MODEL, MUTANTS, PLAIN_MUTANTS, SHORT, WITNESSES, Size, explore, missing

pytestmark = [
    pytest.mark.skipif(missing() is not None and os.environ.get("MODEL") != "needed", reason=str(missing())),
    pytest.mark.timeout(300),
]


def test_the_protocol_holds_in_every_order(tmp_path: Path) -> None:
    found = explore(tmp_path, SHORT)
    assert found.broken is None
    assert found.states > 100_000, "nothing happens in it"


@pytest.mark.parametrize("mutant", PLAIN_MUTANTS)
def test_a_wrong_protocol_breaks_an_invariant(mutant: str, tmp_path: Path) -> None:
    assert explore(tmp_path, MUTANTS[mutant], mutant).broken is not None


def test_a_lock_is_confirmed_in_it(tmp_path: Path) -> None:
    assert explore(tmp_path, SHORT, "SEE_LISTED").broken is not None


def test_the_model_has_each_switch() -> None:
    asked = set(re.findall(r"^#ifn?def ([A-Z_]+)$", MODEL.read_text(encoding="utf-8"), re.MULTILINE))
    assert asked - {name.upper() for name in Size.__dataclass_fields__} == {*MUTANTS, *WITNESSES}
