"""Guard: where a request may go, where a redirect may take it, and how much may come back."""

from urllib.parse import urlsplit

from crisis.channels import ChannelError, Misconfigured, OutcomeUnknown

MAX_ANSWER_BYTES = 8 * 2**20
"""Longest answer read, after unpacking: far above an honest one. What is longer leaves the outcome unknown."""
READS = frozenset({"GET", "HEAD", "OPTIONS"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PORTS = {"http": 80, "https": 443}


class ForbiddenHost(Misconfigured):
    """The address is not on this mode's list. Nothing was sent."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"{address} is not among the hosts this process may reach, so nothing was sent. "
            "Check the provider's address in the settings, and whether this should be an exercise."
        )
        self.address = address


class Guard:
    """Refuses every ``host:port`` that is not on its list; ``None`` allows all."""

    def __init__(self, allowed_hosts: frozenset[str] | None) -> None:
        self.allowed_hosts = None if allowed_hosts is None else frozenset(map(self._normal, allowed_hosts))

    def check(self, url: str) -> None:
        """Raises :class:`ForbiddenHost`. Parses as ``requests`` does when it picks the connection."""
        if self.allowed_hosts is None:
            return
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
        except ValueError:
            host = port = None
        self.check_address(host or "", port or 0)

    def check_address(self, host: str, port: int) -> None:
        """The same for an address already taken apart."""
        if self.allowed_hosts is not None and self._normal(f"{host}:{port}") not in self.allowed_hosts:
            raise ForbiddenHost(f"{host or 'an address without a host'}:{port}")

    @staticmethod
    def _normal(address: str) -> str:
        host, colon, port = address.rpartition(":")
        if not colon or not port.isdigit():
            raise Misconfigured(f"{address!r} in the list of allowed hosts is not host:port.")
        return f"{host.strip('[]').rstrip('.').lower()}:{port}"


def redirected(status: int, location: str) -> ChannelError:
    """What a redirect in answer to a write means. It is never followed: the new place would see a read."""
    where = location.partition("?")[0].rpartition("@")[2]
    text = f"The provider answered a write with a redirect to {where[:200]!r}, which is not followed. "
    if status in {307, 308}:  # RFC 9110, 15.4.8 and 15.4.9: ask again there, so nothing was done here
        return Misconfigured(f"{text}Check the provider's address in the settings.", code=str(status))
    return OutcomeUnknown(f"{text}Read back first, and check the provider's address in the settings.", code=str(status))


def too_long(most: int = MAX_ANSWER_BYTES) -> ChannelError:
    """An answer that grew over the cap, in bytes. What it would have said stays unknown."""
    return OutcomeUnknown(f"The answer was longer than {most} bytes and was not read to its end.")
