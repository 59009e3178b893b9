"""The crisis page of exercises, where the sandbox serves it, and a message for it or for any other channel."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crisis.channels import ChannelSetup, Outgoing
from tests.adapters.contract import CrisisPageOutlet, Outlet
from tests.adapters.sandbox_server import SandboxServer

ISSUED = datetime(2026, 11, 20, 4, 58, 7, 123456, tzinfo=UTC)


class PageOutlet(CrisisPageOutlet):
    """The crisis page of exercises, where the sandbox serves it."""

    def __init__(self, sandbox: SandboxServer, folder: Path) -> None:
        super().__init__(sandbox, folder, "http://127.0.0.1:9")
        self.folder = folder

    def setup(self, url: str | None = None, **changes: Any) -> ChannelSetup:
        return super().setup(url, **{"crisis_page_url": f"{self.sandbox.url}/crisis-page/", **changes})


def message(outlet: Outlet, number: int = 1, **changes: Any) -> Outgoing:
    return outlet.message(number, issued_at=ISSUED, **changes)
