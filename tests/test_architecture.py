"""The shape of the tree, held by machine: who imports whom, who knows whose name, how long a file may be."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import make_url

from adapters import CHANNELS
from crisis.accounts.register import REGISTER_ONLY
from crisis.db import alembic_config
from crisis.messages.models import Kind

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("crisis", "adapters", "api")
LONGEST = 300  # lines
NO_NOUNS = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "lib"}
ENGINE = ("activations", "deliveries", "posts", "audit", "accounts/models.py", "accounts/locks.py", "messages/desk.py")


def modules(*packages: str) -> list[Path]:
    return [path for package in packages for path in (ROOT / package).rglob("*.py") if "__pycache__" not in path.parts]


def test_imports_point_where_the_contracts_say() -> None:
    checker = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([checker], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", modules(*PACKAGES), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_knows_one_noun_and_stays_readable(path: Path) -> None:
    assert path.stem not in NO_NOUNS
    if "versions" not in path.parts:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
    assert path.read_text(encoding="utf-8").startswith('"""'), "a module begins by saying what it is for"


def test_the_engine_knows_no_channel_by_name() -> None:
    names = re.compile(
        rf"""["']({"|".join({*CHANNELS, *REGISTER_ONLY, "twilio", "graph", "tweepy"} - {"website"})})["']"""
    )
    found = []
    for part in ENGINE:
        place = ROOT / "crisis" / part
        for path in [place] if place.is_file() else modules(f"crisis/{part}"):
            found += [f"{path.name}: {hit.group()}" for hit in names.finditer(path.read_text(encoding="utf-8"))]
    assert not found


def test_only_the_database_module_commits() -> None:
    guilty = [
        str(path.relative_to(ROOT))
        for path in modules(*PACKAGES)
        if re.search(r"\.commit\(\)", path.read_text(encoding="utf-8")) and "migrations" not in path.parts
    ]
    assert guilty == []


def test_every_kind_has_a_text_for_every_channel() -> None:
    for kind in Kind:
        for channel in CHANNELS:
            found = list((ROOT / "templates" / "messages" / kind.value).glob(f"{channel}.*"))
            assert len(found) == 1, f"{kind} on {channel}"


def test_the_models_and_the_migrations_agree(database_url: str) -> None:
    command.check(alembic_config(database_url))


async def test_every_migration_goes_down_and_up_again(server_url: str) -> None:
    from tests.conftest import make_database  # noqa: PLC0415 - pytest has loaded it under another name by now

    url = await make_database(server_url, "down_and_up")
    config = alembic_config(make_url(url).render_as_string(hide_password=False))
    command.downgrade(config, "base")
    command.upgrade(config, "head")
    command.check(config)
