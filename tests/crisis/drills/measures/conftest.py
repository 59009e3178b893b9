"""What judges the messages of a run."""

import pytest

from crisis.bootstrap import Crisis
from crisis.drills.measures.contents import Judge


@pytest.fixture
def judge(crisis: Crisis) -> Judge:
    return Judge.of(crisis.settings, crisis.library)
