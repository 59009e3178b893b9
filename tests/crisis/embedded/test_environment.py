import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crisis.embedded import environment
from crisis.embedded.home import Home
from crisis.settings import SECRETS, Settings

READ = """
import json
from crisis.settings import SECRETS, Settings
settings = Settings()
print(json.dumps({
    "held": [name for name in SECRETS if getattr(settings, name) is not None],
    "mode": settings.worker_mode,
    "database_url": settings.database_url.get_secret_value() if settings.database_url else None,
    "sandbox_token": settings.sandbox_token.get_secret_value() if settings.sandbox_token else None,
}))
"""
VALUES = dict.fromkeys(SECRETS, "5ec4e7" * 8) | {"numbers_key": "5e" * 32, "credentials_key": "5e" * 32}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """What ``crisis up`` holds when everything, provider secrets included, is set."""
    with Home(tmp_path / "home"):
        return Settings(
            home=tmp_path / "home",
            database_url="postgresql://crisis:word@127.0.0.1:1/crisis",
            redis_url="redis://:word@127.0.0.1:1/0",
            sandbox_url="http://127.0.0.1:2",
            **VALUES,
        )


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    """An environment with every secret in it, in capitals and in small letters, and in files."""
    files = tmp_path / "secrets"
    files.mkdir()
    for name, value in VALUES.items():
        (files / name).write_text(value)
    capitals = {f"CRISIS_{name.upper()}": value for name, value in VALUES.items()}
    return {
        **capitals,
        **{name.lower(): value for name, value in capitals.items()},
        "CRISIS_SECRETS_DIR": str(files),
        "CRISIS_MUNICIPALITY": "Fjordvik kommune",
        "CRISIS_SWEEP_SECONDS": "5",
        "PATH": os.environ["PATH"],
        "HTTPS_PROXY": "http://user:5ec4e7@proxy.invalid:1",
        "SOMEBODY_ELSES_TOKEN": "5ec4e7",
    }


def seen_by(env: dict[str, str]) -> dict[str, object]:
    """What a process with this environment finds in its settings."""
    done = subprocess.run([sys.executable, "-c", READ], env=env, cwd="/", capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_an_exercise_worker_is_given_no_secret(given: dict[str, str], settings: Settings) -> None:
    env = environment.for_exercise(given, settings)
    assert not [name for name in env if name.upper().removeprefix("CRISIS_").lower() in SECRETS]
    assert "5ec4e7" not in " ".join(env.values())
    assert "CRISIS_SECRETS_DIR" not in env
    assert "SOMEBODY_ELSES_TOKEN" not in env
    assert env["CRISIS_MUNICIPALITY"] == "Fjordvik kommune"
    assert env["CRISIS_SWEEP_SECONDS"] == "5"


def test_an_exercise_worker_finds_no_secret_either(given: dict[str, str], settings: Settings) -> None:
    found = seen_by(environment.for_exercise(given, settings))
    assert found["held"] == []
    assert found["mode"] == "exercise"
    assert found["database_url"] == "postgresql://crisis:word@127.0.0.1:1/crisis"
    assert settings.sandbox_token
    assert found["sandbox_token"] == settings.sandbox_token.get_secret_value()


def test_an_actual_worker_finds_them_all(given: dict[str, str], settings: Settings) -> None:
    env = environment.for_actual(given, settings)
    found = seen_by(env)
    assert found["held"] == list(SECRETS)
    assert found["mode"] == "actual"
    assert env["HTTPS_PROXY"] == given["HTTPS_PROXY"]
    assert "SOMEBODY_ELSES_TOKEN" not in env


def test_both_modes_mean_the_same_page_of_exercises(settings: Settings) -> None:
    page = str(settings.home / "exercise" / "public")
    for env in (environment.for_actual({}, settings), environment.for_exercise({}, settings)):
        assert env["CRISIS_EXERCISE_PUBLIC_DIR"] == page


def test_the_sandbox_has_no_way_to_the_database_or_the_broker(given: dict[str, str], settings: Settings) -> None:
    env = environment.for_sandbox(given | {"crisis_database_url": "postgresql://elsewhere/x"}, settings)
    assert not [name for name in env if name.upper() in {"CRISIS_DATABASE_URL", "CRISIS_REDIS_URL"}]
    found = seen_by(env)
    assert found["held"] == []
    assert found["database_url"] is None
    assert found["sandbox_token"]
