"""The contract of an exercise: no channel has a way out of it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crisis.channels import Found, Misconfigured, Unsupported
from tests.adapters.contract import Outlet, error_of, tripwire
from tests.adapters.every_channel.network import networked


@pytest.mark.parametrize("outlet", ["website"], indirect=True)
async def test_an_exercise_is_not_written_where_the_public_reads(outlet: Outlet, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        outlet.build(outlet.setup(public_dir=tmp_path / "public"))
    assert not (tmp_path / "public").exists()


# The wall around an exercise


@networked
async def test_an_exercise_reaches_nothing_but_the_sandbox(outlet: Outlet) -> None:
    with tripwire() as (elsewhere, reached):
        async with outlet.opened(f"http://{elsewhere}") as channel:
            account, message = outlet.account(f"http://{elsewhere}"), outlet.message()
            await error_of(channel.publish(account, message), Misconfigured, number=message.to)
            ended: tuple[Any, ...] = await asyncio.gather(
                channel.edit(account, "1", message),
                channel.withdraw(account, "1"),
                channel.read_back(account, "1"),
                channel.reconcile(account, message, datetime.now(UTC)),
                return_exceptions=True,
            )
            for each in ended:
                assert isinstance(each, Misconfigured | Unsupported) or each.found is Found.CANNOT_TELL
        assert reached == []
    assert outlet.sandbox.requests() == []


@networked
async def test_a_proxy_is_no_way_out_of_an_exercise(outlet: Outlet, monkeypatch: pytest.MonkeyPatch) -> None:
    with tripwire() as (proxy, reached):
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{proxy}")
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("NO_PROXY", "")
        async with outlet.opened() as channel:
            receipt = await channel.publish(outlet.account(), outlet.message())
            assert (await channel.read_back(outlet.account(), receipt.reference)).found is Found.YES
        assert reached == []
