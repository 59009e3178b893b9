"""The environment of each process that ``crisis up`` starts: what it needs, and nothing else.

The first of the two walls around an exercise stands here: its worker is started without any provider secret, without the
keys that open sealed rows, and with a home folder in which no key lies.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from crisis.mode import Mode
from crisis.settings import SECRETS, Settings

PREFIX = "CRISIS_"
SYSTEM = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH"})
NETWORK = frozenset(
    {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
)
"""How this machine reaches the providers; names in either case."""
SERVICES = ("database_url", "redis_url", "sandbox_url", "sandbox_token", "public_url", "crisis_page_url")


def for_actual(given: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """For the API and the actual worker: every ``CRISIS_`` variable, and where the services are."""
    kept = {
        name: value
        for name, value in given.items()
        if name in SYSTEM or name.upper() in NETWORK or name.upper().startswith(PREFIX)
    }
    return kept | _services(settings, settings.home) | {"CRISIS_WORKER_MODE": Mode.ACTUAL.value}


def for_exercise(given: Mapping[str, str], settings: Settings, home: Path | None = None) -> dict[str, str]:
    """For everything else: the settings that are no secrets (names in either case, as pydantic reads them).

    ``CRISIS_SECRETS_DIR`` is not among them, and the home is ``home``: ``<home>/exercise`` unless told otherwise.
    """
    allowed = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields.keys() - set(SECRETS)}
    kept = {name: value for name, value in given.items() if name in SYSTEM or name.upper() in allowed}
    services = _services(settings, home or settings.home / "exercise")
    return kept | services | {"CRISIS_WORKER_MODE": Mode.EXERCISE.value}


def for_sandbox(given: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """For the stand-ins: as for an exercise, and no way to the database or the broker."""
    hidden = {"CRISIS_DATABASE_URL", "CRISIS_REDIS_URL"}
    return {name: value for name, value in for_exercise(given, settings).items() if name.upper() not in hidden}


def _services(settings: Settings, home: Path) -> dict[str, str]:
    # Both modes mean the same page of exercises, though an exercise worker's home is another.
    found = {"CRISIS_HOME": str(home), "CRISIS_EXERCISE_PUBLIC_DIR": str(settings.exercise_page_dir)}
    for name in SERVICES:
        value = getattr(settings, name)
        if value is not None:
            found[f"{PREFIX}{name.upper()}"] = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return found
