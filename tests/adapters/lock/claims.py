"""Which channels claim which part of the lock, and what their tests share."""

from pathlib import Path
from typing import Any

import pytest

from adapters import CHANNELS
from crisis.channel_watch import Schedule, Watch
from crisis.channels import ChannelError
from tests.adapters.lock_contract import BESIDE, HELD
from tests.adapters.setups import a_setup

WITHIN = 3600.0


def _claiming(claim: Any) -> list[str]:
    setup = a_setup("http://127.0.0.1:1", "127.0.0.1:1", public_dir=Path("exercise/public"))
    return [name for name, build in CHANNELS.items() if isinstance(build(setup), claim)]


def _held(claim: Any) -> list[str]:
    return [name for name in _claiming(claim) if name in HELD]


watched = pytest.mark.parametrize("outlet", [*_held(Watch), *BESIDE], indirect=True)
scheduling = pytest.mark.parametrize("outlet", _held(Schedule), indirect=True)


async def _error(call: Any) -> ChannelError | None:
    try:
        await call
    except ChannelError as error:
        return error
    return None
