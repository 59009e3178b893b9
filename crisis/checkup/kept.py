"""Findings about what is read in peace too: is the crisis page there, and is its second place like the first?"""

from collections.abc import Sequence

from crisis.bootstrap import channels_for
from crisis.channels import ChannelError, Upkeep
from crisis.checkup.findings import Finding, Level
from crisis.mode import Mode
from crisis.said import Said
from crisis.settings import Settings


async def findings(settings: Settings) -> Sequence[Finding]:
    """What each such channel says is wrong with it. The public's alone: an exercise's page is missed by nobody."""
    channels = channels_for(Mode.ACTUAL, settings)
    try:
        found = []
        for name, channel in channels.items():
            if isinstance(channel, Upkeep):
                faults, part = await channel.faults(), Said("{channel}, kept", channel=name)
                found += [Finding(part, Level.WRONG, fault, advice) for fault, advice in faults]
                found += [] if faults else [Finding(part, Level.OK, Said("Is there, and as it should be."))]
    except ChannelError as error:
        return [Finding(Said("channels"), Level.WRONG, str(error))]
    finally:
        await channels.close()
    return found
