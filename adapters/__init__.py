"""One module per channel: translates between the port (``crisis/channels.py``) and one provider, and decides nothing.

To add a channel, write its module with a ``build(setup)`` that returns a ``Channel``, add one line here, and give it an
``Outlet`` in ``tests/adapters/contract.py``, so that it has to pass the contract every channel passes.
"""

from collections.abc import Callable, Mapping

from adapters import facebook, sms, twitter, website, wordpress
from crisis.channels import Channel, ChannelSetup

CHANNELS: Mapping[str, Callable[[ChannelSetup], Channel]] = {
    "website": website.build,
    "wordpress": wordpress.build,
    "facebook": facebook.build,
    "twitter": twitter.build,
    "sms": sms.build,
}
