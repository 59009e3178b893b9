"""The crisis page's files, as its tests read them."""

from datetime import UTC, datetime
from pathlib import Path

OVER = {"activation-7": datetime(2026, 11, 28, tzinfo=UTC)}
FIRST = "message-2026-0007-31.html"


def public(folder: Path) -> dict[str, bytes]:
    """What readers see."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}
