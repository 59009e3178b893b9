"""The providers, as the checkup finds them: their addresses, our secrets there, our ceilings, and which do not answer now."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from crisis.bootstrap import Crisis, ceilings_of
from crisis.cli import screen, standing
from crisis.cli.findings import Finding, Level
from crisis.demo.place import is_loopback
from crisis.errors import Invalid
from crisis.limits.models import BreakerState, Why
from crisis.mode import Mode
from crisis.settings import Settings

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
            for trouble in await standing.read_troubles(session, mode):
                said = trouble.sentences["en"]
                if trouble.reason and trouble.state is not BreakerState.CLOSED:
                    said += f" It said: {trouble.reason}"
                level = Level.WRONG if trouble.why is Why.MISCONFIGURED else Level.NOTE
                part = f"{screen.channel_name(trouble.channel)}, {trouble.account}{exercise}"
                found.append(Finding(part, level, said, _ADVICE[trouble.why]))
    return found


def ceilings(settings: Settings) -> Iterator[Finding]:
    """Whether the ceilings can be used. What was set is said, since it makes everything on that channel slower."""
    try:
        found = ceilings_of(settings)
    except Invalid as problem:
        advice = "Mend CRISIS_CEILINGS, or leave it out. Until then no worker starts."
        yield Finding("ceilings", Level.WRONG, " ".join(str(problem).split()), advice)
        return
    if found:
        said = ", ".join(f"{screen.channel_name(channel)} {each.per_second:,g}" for channel, each in found.items())
        yield Finding("ceilings", Level.OK, f"Calls a second through each account: {said}.")


def secrets(settings: Settings, channels: set[str]) -> Iterator[Finding]:
    """What is needed to publish on these channels and was not set."""
    needed = {
        "sms": ("twilio_account_sid", "twilio_auth_token"),
        "twitter": ("x_consumer_key", "x_consumer_secret"),
    }
    for channel in sorted(channels & needed.keys()):
        if unset := [f"CRISIS_{name.upper()}" for name in needed[channel] if getattr(settings, name) is None]:
            found = f"{' and '.join(unset)} not set here."
            yield Finding(
                channel, Level.WRONG, found, "Set them for the API and the workers, or nothing goes out there."
            )


def addresses(settings: Settings) -> Iterator[Finding]:
    """Providers over TLS, or a stand-in on this machine; and a callback address that providers can reach."""
    stand_ins = []
    for name in ("graph_url", "x_url", "twilio_url"):
        parts, variable = urlsplit(getattr(settings, name)), f"CRISIS_{name.upper()}"
        host = parts.hostname or ""
        if parts.scheme not in {"http", "https"} or not host:
            yield Finding(
                "providers", Level.WRONG, f"{variable} is not an address.", "Write https://host, or leave it out."
            )
        elif is_loopback(host):
            stand_ins.append(variable)
        elif parts.scheme == "http":
            yield Finding(
                "providers", Level.WRONG, f"{variable} is not encrypted: tokens would go in the clear.", "Use https."
            )
    if stand_ins:
        found = f"{', '.join(stand_ins)} point to this machine: nothing reaches the public."
        yield Finding("providers", Level.NOTE, found, "Right for a demo, and only there.")
    else:
        yield Finding("providers", Level.OK, "Their own addresses, encrypted.")
    callbacks = urlsplit(settings.public_url)
    if settings.twilio_account_sid and "CRISIS_TWILIO_URL" not in stand_ins and is_loopback(callbacks.hostname or ""):
        found = f"CRISIS_PUBLIC_URL is {settings.public_url}, which no provider can reach: receipts will not come."
        yield Finding("receipts", Level.WRONG, found, "Set it to the address the API has from outside.")
