"""A crisis page in a folder of its own."""

from pathlib import Path

import pytest

from adapters.website import Website
from tests.adapters.website.page import setup_for


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "public"


@pytest.fixture
def website(folder: Path) -> Website:
    return Website(setup_for(folder))
