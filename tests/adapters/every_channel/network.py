"""The channels that have a network to fail."""

import pytest

from tests.adapters.contract import NETWORKED

networked = pytest.mark.parametrize("outlet", NETWORKED, indirect=True)
