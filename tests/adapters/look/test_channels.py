"""What the public sees of a post: each channel looks from outside, at the sandbox over real sockets, and says what it saw."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from crisis.channels import Channel, ChannelError, Found, Misconfigured, Sighting, Unsupported
from tests.adapters.contract import OUTLETS, Outlet
from tests.adapters.look.page import ISSUED, message
from tests.adapters.sandbox_server import SandboxServer
from tests.adapters.scripted import Answer, Scripted


async def test_what_is_out_is_seen(outlet: Outlet, channel: Channel) -> None:
    out = message(outlet)
    receipt = await channel.publish(outlet.account(), out)
    assert await channel.look(outlet.account(), receipt.reference, out) == Sighting(Found.YES)
    assert channel.capabilities.look_seconds


async def test_what_is_out_with_another_text_is_not_seen(outlet: Outlet, channel: Channel) -> None:
    receipt = await channel.publish(outlet.account(), message(outlet))
    other = message(outlet, text="Ras 1: Bli inne! Lukk vinduene.")
    sighting = await channel.look(outlet.account(), receipt.reference, other)
    assert sighting.found is Found.NO
    assert sighting.why


async def test_what_was_taken_down_is_not_seen_any_more(outlet: Outlet, channel: Channel) -> None:
    out = message(outlet, 2)
    receipt = await channel.publish(outlet.account(), out)
    await channel.withdraw(outlet.account(), receipt.reference)
    assert (await channel.look(outlet.account(), receipt.reference, out)).found is Found.NO


async def test_an_edit_is_seen_and_what_it_replaced_is_not(outlet: Outlet, channel: Channel) -> None:
    if not channel.capabilities.edit:
        pytest.skip(f"{outlet.name} edits nothing")
    old = message(outlet, 3)
    receipt = await channel.publish(outlet.account(), old)
    new = replace(message(outlet, 4), issued_at=ISSUED + timedelta(hours=1))
    await channel.edit(outlet.account(), receipt.reference, new)
    assert (await channel.look(outlet.account(), receipt.reference, new)).found is Found.YES


async def test_a_look_sends_nothing(outlet: Outlet, channel: Channel) -> None:
    out = message(outlet, 5)
    receipt = await channel.publish(outlet.account(), out)
    before = outlet.sandbox.records()
    await channel.look(outlet.account(), receipt.reference, out)
    assert outlet.sandbox.records() == before


@pytest.mark.parametrize("kind", ["5xx", "drop", "garbage", "wrong_type", "html", "bare", "json_503", "huge"])
async def test_a_look_that_fails_says_nothing_about_what_is_out(outlet: Outlet, channel: Channel, kind: str) -> None:
    if outlet.provider is None:
        pytest.skip("the crisis page's own failures are below")
    out = message(outlet, 6)
    receipt = await channel.publish(outlet.account(), out)
    outlet.sandbox.fault(outlet.provider, f"{kind}_before", match={"verb": "read"})
    try:
        sighting = await channel.look(outlet.account(), receipt.reference, out)
    except ChannelError:
        return  # the port says: the same as CANNOT_TELL
    finally:
        outlet.sandbox.clear()
    assert sighting.found is not Found.YES
    assert sighting.found is Found.CANNOT_TELL or kind == "wrong_type"


async def test_an_sms_is_nowhere_to_be_looked_at(sandbox: SandboxServer, tmp_path: Path) -> None:
    outlet = OUTLETS["sms"](sandbox, tmp_path, "http://127.0.0.1:9")
    async with outlet.opened() as channel:
        assert channel.capabilities.look_seconds == ()
        with pytest.raises(Unsupported):
            await channel.look(outlet.account(), "SM1", message(outlet))


async def test_a_link_to_another_host_is_not_opened(sandbox: SandboxServer, tmp_path: Path) -> None:
    outlet = OUTLETS["wordpress"](sandbox, tmp_path, "http://127.0.0.1:9")
    out = message(outlet, 14)
    with Scripted() as site, Scripted() as elsewhere:
        body = {"id": 7, "slug": "x", "status": "publish", "link": f"{elsewhere.url.replace('127.0.0.1', 'localhost')}/7",
                "title": {"raw": out.title}, "content": {"raw": out.text}}  # fmt: skip
        site.script(Answer(200, body))
        async with outlet.opened(allowed_hosts=None) as channel:
            account = replace(outlet.account(), address=f"{site.url}/")
            sighting = await channel.look(account, "7", out)
        assert elsewhere.requests == []
    assert sighting.found is Found.CANNOT_TELL


async def test_wrong_credentials_are_for_a_person(sandbox: SandboxServer, tmp_path: Path) -> None:
    outlet = OUTLETS["facebook"](sandbox, tmp_path, "http://127.0.0.1:9")
    async with outlet.opened() as channel:
        with pytest.raises(Misconfigured):
            await channel.look(replace(outlet.account(), credentials={}), "1_2", message(outlet))
