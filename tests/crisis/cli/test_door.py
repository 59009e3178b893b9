"""How every command speaks when something is away; in processes of their own, as a person meets it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def crisis(tmp_path: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    held = {"PATH": os.environ["PATH"], "CRISIS_HOME": str(tmp_path / "home"), **env}
    return subprocess.run(
        [sys.executable, "-m", "crisis", *words], env=held, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_database_that_is_away_is_one_paragraph(tmp_path: Path) -> None:
    ran = crisis(tmp_path, "status", CRISIS_DATABASE_URL="postgresql://vakt:hemmelig@127.0.0.1:9/crisis")
    assert ran.returncode == 1
    assert "The database does not answer" in ran.stderr
    assert "crisis up" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "hemmelig" not in ran.stderr


def test_without_any_database_it_says_how_to_get_one(tmp_path: Path) -> None:
    ran = crisis(tmp_path, "activate", "Skred")
    assert ran.returncode == 1
    assert "Start one with `crisis up`" in ran.stderr
    assert ran.stdout == ""


@pytest.mark.parametrize("group", ["accounts", "recipients", "message", "token", "audit"])
def test_a_noun_alone_shows_what_can_be_done_with_it(tmp_path: Path, group: str) -> None:
    ran = crisis(tmp_path, group)
    assert "Commands:" in ran.stdout + ran.stderr
