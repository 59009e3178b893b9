"""Outlets: the channels of a mode, and what each can do."""

from collections.abc import Sequence

from adapters import CHANNELS, feed_watch_of, load
from crisis.bootstrap.openers import openers_for
from crisis.bootstrap.setups import setup_for
from crisis.channel_access import Lever
from crisis.channel_set import ChannelSet
from crisis.channel_watch import Watch
from crisis.channels import Capabilities
from crisis.deliveries.book import Openers
from crisis.deliveries.checks import Outside
from crisis.mode import Mode
from crisis.settings import Settings


def channels_for(mode: Mode, settings: Settings) -> ChannelSet:
    """The channels of a mode. The only place that picks them."""
    return ChannelSet(setup_for(mode, settings), CHANNELS)


def load_channels() -> None:
    """Import what every channel needs now, rather than when it is first used: for a process that forks its senders."""
    load()


def capabilities_of(settings: Settings) -> dict[str, Capabilities]:
    """What each channel can do; the same in both modes."""
    setup = setup_for(Mode.ACTUAL, settings)
    return {name: build(setup).capabilities for name, build in CHANNELS.items()}


def levers_of(settings: Settings) -> dict[str, Sequence[str]]:
    """What the administrator's credentials of an account must have, on each channel that has a lever; the same in both modes."""
    setup = setup_for(Mode.ACTUAL, settings)
    built = {name: build(setup) for name, build in CHANNELS.items()}
    return {name: tuple(channel.admin_credentials) for name, channel in built.items() if isinstance(channel, Lever)}


def watched_of(settings: Settings) -> dict[str, float]:
    """How often an account may be looked at, in seconds: by channel whose platform shows what is there, and for feeds."""
    from crisis.watch.coverage import FEED  # noqa: PLC0415 - a sender does without it

    setup = setup_for(Mode.ACTUAL, settings)
    built = {name: build(setup) for name, build in CHANNELS.items()}
    watched = {name: channel.watch_seconds for name, channel in built.items() if isinstance(channel, Watch)}
    return watched | {FEED: feed_watch_of(setup).watch_seconds}


def outside_of(settings: Settings) -> Outside:
    """How a person's check reaches the providers from a door: each mode's own channels, and for an exercise no secret."""

    def outside(mode: Mode) -> tuple[ChannelSet, Openers]:
        held = settings.without_secrets() if mode is Mode.EXERCISE else settings
        return channels_for(mode, held), openers_for(mode, held)

    return outside
