"""Setting words: what settings about mail may say, and what is wrong with them together."""

from enum import StrEnum

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class MailTls(StrEnum):
    """How the way to the mail server is closed to others: from the first byte (port 465), before anything is said (587), or not at
    all, which is for a mail server on this machine alone.
    """

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


def mail_fault(host: str, sender: str, tls: MailTls) -> str | None:
    """Why a mail server cannot be used as it is set; nothing where it can, or there is none."""
    if host and not sender:
        return "a mail server needs the address that mail comes from, too (CRISIS_MAIL_FROM)"
    if host and tls is MailTls.NONE and host not in LOOPBACK:
        return "without TLS a mail server is used on this machine alone: set CRISIS_SMTP_TLS to starttls or implicit"
    return None
