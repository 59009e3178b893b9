"""An exercise's levers and watch with the stand-ins it is given: they move the sandbox's, and touch nothing it publishes with."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters import CHANNELS, feed_watch_of
from crisis.accounts.models import Account
from crisis.bootstrap import RARE_LEVERS, channels_for, openers_for, setup_for
from crisis.channel_access import Lever
from crisis.channel_watch import Watch
from crisis.channels import AccountRef, Misconfigured, Outgoing
from crisis.mode import Mode
from crisis.settings import Settings
from tests.adapters.sandbox_server import SandboxServer

TOKEN = "a-token-of-a-test"
ADDRESSES = {"facebook": "1020304050", "twitter": "2244994945", "sms": "Fjordvik", "wordpress": "https://a.example/"}
WITHIN = 3600.0


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(TOKEN) as running:
        yield running


@pytest.fixture
def settings(sandbox: SandboxServer, tmp_path: Path) -> Settings:
    sandbox.clear()
    return Settings(
        home=tmp_path,
        sandbox_url=sandbox.url,
        sandbox_token=SecretStr(TOKEN),
        exercise_page_dir=tmp_path / "exercise" / "public",
    )


def message(channel: str) -> Outgoing:
    return Outgoing(
        key="00000000-0000-7000-8000-000000000001",
        mode=Mode.EXERCISE,
        kind="alert",
        language="nb",
        title="ØVELSE",
        text=f"ØVELSE ØVELSE ØVELSE {channel}",
        to="+99900000000001",
    )


@pytest.mark.parametrize("name", ADDRESSES)
async def test_a_lever_is_pulled_at_the_sandbox_and_what_the_service_publishes_goes_out(
    settings: Settings, name: str
) -> None:
    account = Account(id=17, channel=name, name="Biblioteket", address=ADDRESSES[name])
    account.admin_credentials = b"sealed, and not opened in an exercise" if name in RARE_LEVERS else None
    openers, channels = openers_for(Mode.EXERCISE, settings), channels_for(Mode.EXERCISE, settings)
    lever = channels[name]
    assert isinstance(lever, Lever)
    assert isinstance(lever, Watch)
    try:
        saved = await lever.inspect(openers.admin(account))
        assert any(each.is_removable for each in saved.open_to), "there is something to take in an exercise too"
        await lever.revoke(openers.admin(account), saved)
        left = (await lever.inspect(openers.admin(account))).open_to
        assert not any(each.is_removable for each in left)
        receipt = await lever.publish(openers.account(account), message(name))
        posted = await lever.list_posted(openers.account(account), WITHIN)
        assert [each.reference for each in posted] == [receipt.reference]
    finally:
        await channels.close()


async def test_two_accounts_on_x_do_not_show_each_others_posts(settings: Settings) -> None:
    """A token in the sandbox says whose it is, as X's own do: else every account's posts would be foreign on the others."""
    one, other = (Account(id=n, channel="twitter", name="", address=f"22{n}") for n in (1, 2))
    openers, channels = openers_for(Mode.EXERCISE, settings), channels_for(Mode.EXERCISE, settings)
    x = channels["twitter"]
    assert isinstance(x, Watch)
    try:
        await x.publish(openers.account(one), message("twitter"))
        assert len(await x.list_posted(openers.account(one), WITHIN)) == 1
        assert list(await x.list_posted(openers.account(other), WITHIN)) == []
    finally:
        await channels.close()


async def test_an_exercises_feeds_are_the_sandboxs(settings: Settings, sandbox: SandboxServer) -> None:
    reader = feed_watch_of(setup_for(Mode.EXERCISE, settings))
    account = AccountRef(17, "youtube", "Kanalen", "https://www.youtube.com/feeds/videos.xml?channel_id=abc")
    reference = sandbox.foreign("a", "feeds", "17", "Åpent som vanlig")
    (found,) = await reader.list_posted(account, WITHIN)
    assert found.reference == reference
    assert setup_for(Mode.ACTUAL, settings).feeds_url == ""
    with pytest.raises(Misconfigured):
        await feed_watch_of(setup_for(Mode.ACTUAL, settings)).list_posted(AccountRef(1, "x", "x", None), WITHIN)


def test_every_channel_with_a_lever_is_here(settings: Settings) -> None:
    setup = setup_for(Mode.EXERCISE, settings)
    assert {name for name, build in CHANNELS.items() if isinstance(build(setup), Lever)} == set(ADDRESSES)
