"""One module per channel: translates between the port (``crisis/channels.py``) and one provider, and decides nothing.

To add a channel, write its module with a ``build(setup)`` that returns a ``Channel``, add its name here, and give it an
``Outlet`` in ``tests/adapters/contract.py``, so that it has to pass the contract every channel passes.
"""

from collections.abc import Callable, Mapping
from importlib import import_module

from crisis.channel_mail import Mail, MailSetup
from crisis.channel_watch import Watch
from crisis.channels import Channel, ChannelSetup

Build = Callable[[ChannelSetup], Channel]


def _of(module: str) -> Build:
    """Its ``build``, imported when it is first called: the SDKs are large, and who sends SMS needs none of the others'."""

    def build(setup: ChannelSetup) -> Channel:
        made: Channel = import_module(f"adapters.{module}").build(setup)
        return made

    return build


def mail_of(setup: MailSetup) -> Mail:
    """How e-mail leaves: its ``build``, imported likewise."""
    made: Mail = import_module("adapters.mail").build(setup)
    return made


def feed_watch_of(setup: ChannelSetup) -> Watch:
    """What reads the feeds of accounts that no channel shows, imported likewise."""
    made: Watch = import_module("adapters.feed_reader").build_feed_watch(setup)
    return made


def load() -> None:
    """Import every channel's module now: before a fork, so that no first post waits for it."""
    for name in CHANNELS:
        import_module(f"adapters.{name}")


CHANNELS: Mapping[str, Build] = {name: _of(name) for name in ("website", "wordpress", "facebook", "twitter", "sms")}
