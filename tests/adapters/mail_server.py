"""A real SMTP server (aiosmtpd) on loopback, in a thread of its own, that takes letters, refuses them, hangs or hangs up."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from crisis.channel_mail import MailServer as Server
from crisis.embedded.port import free_port
from crisis.setting_words import MailTls

USER, PASSWORD = "krise", "password-of-a-test"
SENDER = "krise@fjordvik.kommune.no"


class MailServer(Controller):
    """``answers`` are what it says to the next letters, one each; then it takes them. ``before_answer`` may wait or hang up."""

    def __init__(
        self, tls: MailTls = MailTls.NONE, context: ssl.SSLContext | None = None, *, asks_who: bool = False
    ) -> None:
        self.letters: list[EmailMessage] = []
        self.to_recipients: list[str] = []
        self.answers: list[str] = []
        self.connections = 0
        self.slow_seconds = 0.0
        self.drops_after_data = 0
        self.tls, self._asks_who = tls, asks_who
        implicit = context if tls is MailTls.IMPLICIT else None
        self._starttls = context if tls is MailTls.STARTTLS else None
        super().__init__(self, hostname="127.0.0.1", port=free_port(), ssl_context=implicit)

    def factory(self) -> SMTP:
        """One connection's protocol."""
        self.connections += 1
        more: dict[str, Any] = {"tls_context": self._starttls, "require_starttls": True} if self._starttls else {}
        if self._asks_who:
            more |= {"authenticator": _authenticate, "auth_required": True, "auth_require_tls": False}
        return SMTP(self, hostname="post.test", **more)

    def as_server(self, *, user: str = "", password: str = "") -> Server:
        """As the adapter is told of it."""
        return Server("127.0.0.1", self.port, self.tls, user, password, SENDER, "Fjordvik kommune")

    async def handle_RCPT(  # noqa: N802 - the signature is aiosmtpd's
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Sequence[str]
    ) -> str:
        if self.to_recipients:
            return self.to_recipients.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = cast("bytes", envelope.content)
        if self.slow_seconds:
            await asyncio.sleep(self.slow_seconds)
        if self.answers:
            return self.answers.pop(0)
        self.letters.append(cast("EmailMessage", message_from_bytes(content, policy=default)))
        if self.drops_after_data:
            self.drops_after_data -= 1
            cast("asyncio.Transport", server.transport).abort()
        return "250 OK"

    def __enter__(self) -> Self:
        self.start()
        self.connections = 0  # but for the one by which it saw that it runs
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=True) if good else AuthResult(success=False, handled=False)


MailServers = Callable[..., MailServer]
