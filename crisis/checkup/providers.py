"""The providers, as the checkup finds them: their addresses, our secrets there, our ceilings, and which do not answer now."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from crisis.bootstrap import Crisis, ceilings_of
from crisis.checkup.findings import Finding, Level, called, listed
from crisis.demo.place import is_loopback
from crisis.errors import Invalid
from crisis.limits.models import BreakerState, Why
from crisis.limits.service import troubles as read_troubles
from crisis.messages.rendered import CHANNEL_NAMES
from crisis.mode import Mode
from crisis.said import Said
from crisis.settings import Settings

_NEEDED = {
    "sms": ("twilio_account_sid", "twilio_auth_token"),
    "twitter": ("x_consumer_key", "x_consumer_secret"),
}
_ADVICE = {
    Why.MISCONFIGURED: "Give the account new credentials: crisis accounts connect. It is tried again at once.",
    Why.SILENT: (
        "Nothing is lost: deliveries wait, or go through the standby, and the next try comes by itself. If it lasts, see the "
        "provider's own status page. What cannot wait: post it by hand, then crisis delivery mark-sent NO --url LINK."
    ),
    None: "Nothing is lost, and it passes by itself. A larger allowance is the provider's to give.",
}


async def troubles(crisis: Crisis) -> list[Finding]:
    """Accounts that are not as usual now. Only what a person must mend is wrong: the rest heals by itself, or does not."""
    found = []
    async with crisis.db.transaction() as session:
        for mode in Mode:
            exercise = ", exercise" if mode is Mode.EXERCISE else ""
            for trouble in await read_troubles(session, mode, CHANNEL_NAMES):
                said = trouble.sentences["en"]
                if trouble.reason and trouble.state is not BreakerState.CLOSED:
                    said += f" It said: {trouble.reason}"
                level = Level.WRONG if trouble.why is Why.MISCONFIGURED else Level.NOTE
                part = f"{called(trouble.channel)}, {trouble.account}{exercise}"
                found.append(Finding(part, level, said, _ADVICE[trouble.why]))
    return found


def ceilings(settings: Settings) -> Iterator[Finding]:
    """Whether the ceilings can be used. What was set is said, since it makes everything on that channel slower."""
    try:
        found = ceilings_of(settings)
    except Invalid as problem:
        advice = Said("Mend CRISIS_CEILINGS, or leave it out. Until then no worker starts.")
        yield Finding(Said("ceilings"), Level.WRONG, " ".join(str(problem).split()), advice)
        return
    if found:
        rates = ", ".join(f"{called(channel)} {each.per_second:,g}" for channel, each in found.items())
        yield Finding(Said("ceilings"), Level.OK, Said("Calls a second through each account: {rates}.", rates=rates))


def secrets(settings: Settings, channels: set[str]) -> Iterator[Finding]:
    """What is needed to publish on these channels and was not set."""
    for channel in sorted(channels):
        if names := unset(settings, channel):
            found = Said("{names} not set here.", names=listed(names))
            advice = Said("Set them for the API and the workers, or nothing goes out there.")
            yield Finding(channel, Level.WRONG, found, advice)


def unset(settings: Settings, channel: str) -> list[str]:
    """The variables that it takes to publish on a channel and that have no value."""
    return [f"CRISIS_{name.upper()}" for name in _NEEDED.get(channel, ()) if getattr(settings, name) is None]


def addresses(settings: Settings) -> Iterator[Finding]:
    """Providers over TLS, or a stand-in on this machine; and a callback address that providers can reach."""
    stand_ins = []
    for name in ("graph_url", "x_url", "twilio_url"):
        parts, variable = urlsplit(getattr(settings, name)), f"CRISIS_{name.upper()}"
        host = parts.hostname or ""
        if parts.scheme not in {"http", "https"} or not host:
            found = Said("{variable} is not an address.", variable=variable)
            yield Finding(Said("providers"), Level.WRONG, found, Said("Write https://host, or leave it out."))
        elif is_loopback(host):
            stand_ins.append(variable)
        elif parts.scheme == "http":
            found = Said("{variable} is not encrypted: tokens would go in the clear.", variable=variable)
            yield Finding(Said("providers"), Level.WRONG, found, Said("Use https."))
    if stand_ins:
        found = Said("{variables} point to this machine: nothing reaches the public.", variables=listed(stand_ins))
        yield Finding(Said("providers"), Level.NOTE, found, Said("Right for a demo, and only there."))
    else:
        yield Finding(Said("providers"), Level.OK, Said("Their own addresses, encrypted."))
    callbacks = urlsplit(settings.public_url)
    if settings.twilio_account_sid and "CRISIS_TWILIO_URL" not in stand_ins and is_loopback(callbacks.hostname or ""):
        found = Said(
            "CRISIS_PUBLIC_URL is {url}, which no provider can reach: receipts will not come.", url=settings.public_url
        )
        yield Finding(Said("receipts"), Level.WRONG, found, Said("Set it to the address the API has from outside."))
