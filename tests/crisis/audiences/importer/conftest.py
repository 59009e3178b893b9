"""An editor who loads lists of numbers."""

import pytest

from crisis.db import Database
from crisis.roles import Actor
from crisis.settings import Settings
from tests.crisis.audiences.importer.loading import Importer


@pytest.fixture
def load(db: Database, editor: Actor, settings: Settings) -> Importer:
    return Importer(db, editor, settings)
