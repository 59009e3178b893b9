"""A crisis page in a folder of its own."""

from pathlib import Path

import pytest

from adapters.website import Website
from tests.adapters.told import site


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "public"


@pytest.fixture
def website(folder: Path) -> Website:
    return site(folder)
