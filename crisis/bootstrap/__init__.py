"""The composition root: the one place that chooses implementations, and the only one in ``crisis`` that knows adapters.

``channels_for(mode)`` is the first wall around exercises: what it builds for an exercise knows no address but the sandbox's.
The second is the transport inside those channels, which refuses every other host, whatever address it is given.
"""

import crisis.tables  # noqa: F401 - a row leads to tables of nouns that a process may know nothing else of
from crisis.bootstrap.doors import Crisis, crisis_of, known_of, renderer_of
from crisis.bootstrap.engines import SENDER_IDLE_SECONDS, ceilings_of, database_of, engine_for
from crisis.bootstrap.openers import RARE_LEVERS, openers_for, sealers_of
from crisis.bootstrap.outlets import (
    capabilities_of,
    channels_for,
    levers_of,
    load_channels,
    outside_of,
    watched_of,
)
from crisis.bootstrap.securing import notifications_of, securer_for
from crisis.bootstrap.setups import SANDBOX_SID, mail_for, sandbox_url, setup_for

__all__ = [
    "RARE_LEVERS", "SANDBOX_SID", "SENDER_IDLE_SECONDS", "Crisis", "capabilities_of", "ceilings_of", "channels_for",
    "crisis_of", "database_of", "engine_for", "known_of", "levers_of", "load_channels", "mail_for", "notifications_of",
    "openers_for", "outside_of", "renderer_of", "sandbox_url", "sealers_of", "securer_for", "setup_for", "watched_of",
]  # fmt: skip
