"""The channels of a mode: built when they are asked for, and nothing of the others' is imported for one of them."""

import subprocess
import sys
from dataclasses import dataclass, field

from crisis.bootstrap import channels_for
from crisis.channel_set import ChannelSet, close_all
from crisis.channels import Channel
from crisis.mode import Mode
from crisis.settings import Settings
from tests.crisis.deliveries.outlet import Outlet

LARGE = ("tweepy", "facebook", "twilio", "aiohttp", "requests", "celery", "twitter_text", "jinja2")


@dataclass
class Factory:
    made: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    def of(self, name: str) -> Channel:
        factory = self

        class Closing(Outlet):
            async def close(self) -> None:
                factory.closed.append(name)

        self.made.append(name)
        return Closing(name)


async def test_a_channel_is_built_once_when_it_is_asked_for_and_closed_if_it_was(settings: Settings) -> None:
    factory = Factory()
    setup = channels_for(Mode.ACTUAL, settings)._setup
    channels = ChannelSet(setup, {name: lambda _, name=name: factory.of(name) for name in ("sms", "facebook")})
    assert (len(channels), list(channels), "sms" in channels, "fax" in channels) == (
        2,
        ["sms", "facebook"],
        True,
        False,
    )
    assert channels.get("fax") is None
    assert factory.made == []
    assert channels["sms"] is channels["sms"]
    assert factory.made == ["sms"]
    await close_all(channels)
    await close_all(channels)
    assert factory.closed == ["sms"]
    assert channels["sms"].name == "sms", "it may be used again, in another loop"
    await close_all({"facebook": factory.of("facebook")})
    assert factory.closed == ["sms", "facebook"]


def test_a_sender_of_text_messages_imports_nobody_elses_sdk() -> None:
    program = f"""
import sys
from crisis.bootstrap import channels_for, database_of, engine_for
from crisis.mode import Mode
from crisis.settings import Settings
assert channels_for(Mode.ACTUAL, Settings())["sms"].capabilities.recipients
print(sorted(name for name in {LARGE} if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
