"""The contract: what the engine may rely on, of every channel alike, against the sandbox over real sockets.

Every check runs for every channel. A channel is let off only by what its capabilities say, and then it must raise
``Unsupported``; ``NETWORKED`` names the channels that have a network to fail.
"""

import asyncio
from datetime import UTC, datetime

from adapters import CHANNELS
from crisis.channels import Channel, Found, ReceiptStatus, Unsupported
from tests.adapters.contract import OUTLETS, Outlet, error_of, longest, squeezed


def test_every_channel_is_in_the_suite() -> None:
    assert {outlet.name for outlet in OUTLETS.values()} == set(CHANNELS)
    assert {name for name, outlet in OUTLETS.items() if name != outlet.name} == {"sms in bulk"}


# What it can do


async def test_its_capabilities_can_be_kept(outlet: Outlet, channel: Channel) -> None:
    able = channel.capabilities
    assert channel.name == outlet.name
    assert able.limit is None or able.limit.most >= 1
    assert able.concurrency >= 1
    assert able.settle_seconds >= 0
    assert 0 < able.call_seconds <= outlet.setup().call_seconds
    assert able.idempotent or able.reconcile, "an unknown outcome could never be settled"


async def test_the_longest_text_it_says_it_takes_arrives_whole(outlet: Outlet, channel: Channel) -> None:
    text = longest(channel.capabilities.limit)
    await channel.publish(outlet.account(), outlet.message(text=text))
    (shown,) = outlet.shown()
    assert text in shown


# Publishing, reading back, changing, taking down


async def test_what_is_published_arrives_letter_by_letter(outlet: Outlet, channel: Channel) -> None:
    message = outlet.message(text="Gå UT nå 🚨 æøå ÆØÅ – «fare» & <flom> 100 % + mer\nSe krise.fjordvik.kommune.no")
    receipt = await channel.publish(outlet.account(), message)
    (made,) = outlet.creates()
    assert receipt.reference == made["reference"]
    assert receipt.key == message.key
    assert receipt.status is ReceiptStatus.ACCEPTED
    (shown,) = outlet.shown()
    assert "Gå UT nå 🚨 æøå ÆØÅ – «fare» & <flom> 100 % + mer Se krise.fjordvik.kommune.no" in shown
    found = await channel.read_back(outlet.account(), receipt.reference)
    assert (found.found, found.reference) == (Found.YES, receipt.reference)
    assert squeezed(message.text) in squeezed(found.text or "")


async def test_what_is_out_is_found_by_its_message_and_what_is_not_is_not(outlet: Outlet, channel: Channel) -> None:
    since = datetime.now(UTC)
    receipt = await channel.publish(outlet.account(), outlet.message(1))
    found = await channel.reconcile(outlet.account(), outlet.message(1), since)
    assert (found.found, found.reference) == (Found.YES, receipt.reference)
    other = await channel.reconcile(outlet.account(), outlet.message(2), since)
    assert other.found is Found.NO
    assert len(outlet.creates()) == 1


async def test_an_edit_changes_what_is_shown(outlet: Outlet, channel: Channel) -> None:
    receipt = await channel.publish(outlet.account(), outlet.message())
    changed = outlet.message(text="Rettet: møt på Fjordhallen ✅")
    if not channel.capabilities.edit:
        await error_of(channel.edit(outlet.account(), receipt.reference, changed), Unsupported)
        assert outlet.shown() == [squeezed(outlet.message().text)]
        return
    edited = await channel.edit(outlet.account(), receipt.reference, changed)
    assert edited.reference == receipt.reference
    (shown,) = outlet.shown()
    assert "Rettet: møt på Fjordhallen ✅" in shown
    assert "Gå ut nå" not in shown


async def test_what_is_withdrawn_is_gone_and_withdrawing_it_again_is_done(outlet: Outlet, channel: Channel) -> None:
    receipt = await channel.publish(outlet.account(), outlet.message())
    if not channel.capabilities.withdraw:
        await error_of(channel.withdraw(outlet.account(), receipt.reference), Unsupported)
        assert len(outlet.shown()) == 1
        return
    await channel.withdraw(outlet.account(), receipt.reference)
    assert outlet.shown() == []
    assert (await channel.read_back(outlet.account(), receipt.reference)).found is Found.NO
    await channel.withdraw(outlet.account(), receipt.reference)
    assert outlet.shown() == []


async def test_a_key_published_twice_leaves_one_post_or_can_be_asked_about_first(
    outlet: Outlet, channel: Channel
) -> None:
    since = datetime.now(UTC)
    first = await channel.publish(outlet.account(), outlet.message())
    if channel.capabilities.idempotent:
        again = await channel.publish(outlet.account(), outlet.message())
        assert again.reference == first.reference
    else:
        asked = await channel.reconcile(outlet.account(), outlet.message(), since)
        assert (asked.found, asked.reference) == (Found.YES, first.reference)
    assert len(outlet.creates()) == len(outlet.shown()) == 1


async def test_twenty_at_once_all_arrive_once(outlet: Outlet, channel: Channel) -> None:
    messages = [outlet.message(number) for number in range(100, 120)]
    receipts = await asyncio.gather(*(channel.publish(outlet.account(), message) for message in messages))
    assert {receipt.key for receipt in receipts} == {message.key for message in messages}
    assert sorted(receipt.reference for receipt in receipts) == sorted(each["reference"] for each in outlet.creates())
    shown = outlet.shown()
    assert [sum(squeezed(each.text) in post for post in shown) for each in messages] == [1] * 20


async def test_closing_twice_is_fine_and_closing_unused_too(outlet: Outlet) -> None:
    unused = outlet.build(outlet.setup())
    await unused.close()
    await unused.close()
    used = outlet.build(outlet.setup())
    await used.publish(outlet.account(), outlet.message())
    await used.close()
    await used.close()
    assert len(outlet.creates()) == 1
