"""Channel set: the channels of one mode by name, each built when it is first asked for, and all closed together."""

from collections.abc import Callable, Iterator, Mapping

from crisis.channels import Channel, ChannelSetup


class ChannelSet(Mapping[str, Channel]):
    """What ``build`` says can be built from ``setup``. Close it, in the loop that the channels were used in."""

    def __init__(self, setup: ChannelSetup, build: Mapping[str, Callable[[ChannelSetup], Channel]]) -> None:
        self._setup, self._build = setup, build
        self._built: dict[str, Channel] = {}

    def __getitem__(self, name: str) -> Channel:
        if name not in self._built:
            self._built[name] = self._build[name](self._setup)
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._build)

    def __len__(self) -> int:
        return len(self._build)

    def __contains__(self, name: object) -> bool:
        return name in self._build

    async def close(self) -> None:
        """Close those that were built."""
        built, self._built = self._built, {}
        for channel in built.values():
            await channel.close()


async def close_all(channels: Mapping[str, Channel]) -> None:
    """Close them, and build none for it."""
    if isinstance(channels, ChannelSet):
        await channels.close()
    else:
        for channel in channels.values():
            await channel.close()
