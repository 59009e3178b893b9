"""Mail: e-mails through the municipality's mail server (aiosmtplib), or for an exercise to the sandbox.

What the mail server says decides: 4xx may be tried again, 5xx about a recipient or a text is final. A connection that broke after
the text had begun to leave may have delivered it: trying again is harmless, since the Message-ID is the same.
"""

import asyncio
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import localtime
from urllib.parse import urlsplit

import aiohttp
import aiosmtplib
from aiosmtplib import SMTP

from adapters.scrubbing import scrub
from adapters.transport import Guard, from_aiohttp, guarded_client
from crisis.channel_mail import Letter, Mail, Mailbox, MailServer, MailSetup
from crisis.channels import ChannelError, Misconfigured, OutcomeUnknown, Rejected, Throttled, Unavailable
from crisis.setting_words import MailTls

CLOSE_SECONDS = 1.0
"""How long a mail server may take over saying goodbye."""
_PERMANENT = 500
_CREATED = 201


def build(setup: MailSetup) -> Mail:
    """The mail of a mode."""
    if isinstance(setup.to, Mailbox):
        return SandboxMail(setup.to, call_seconds=setup.call_seconds)
    return SmtpMail(setup.to, call_seconds=setup.call_seconds)


class SmtpMail:
    """Letters by SMTP. Connections are kept for the next letter until :meth:`rest`.

    ``tls``: what certificates are held against; the system's own where it is not given.
    """

    def __init__(self, server: MailServer, *, call_seconds: float, tls: ssl.SSLContext | None = None) -> None:
        self._server, self._call_seconds, self._tls = server, call_seconds, tls
        self._idle: list[SMTP] = []

    async def send(self, letter: Letter) -> None:
        """Hand it to the mail server. Raises a :class:`ChannelError`; no text of one holds the address or the password."""
        message = written(letter, self._server.name, self._server.sender)
        try:
            async with asyncio.timeout(self._call_seconds):
                await self._send(letter, message)
        except TimeoutError:
            raise OutcomeUnknown(f"The mail server did not answer within {self._call_seconds:g} seconds.") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise self._translated(error, letter) from None

    async def rest(self) -> None:
        """Say goodbye on every connection."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_quit(each) for each in idle))

    async def _send(self, letter: Letter, message: EmailMessage) -> None:
        client = self._idle.pop() if self._idle else None
        if client is not None:
            try:
                await self._hand_over(client, letter, message)
            except aiosmtplib.SMTPServerDisconnected:
                pass  # it had grown tired of waiting; the Message-ID is the same
            else:
                return
        await self._hand_over(await self._connected(), letter, message)

    async def _hand_over(self, client: SMTP, letter: Letter, message: EmailMessage) -> None:
        try:
            await client.sendmail(self._server.sender, [letter.to], message.as_bytes())
        except BaseException:
            client.close()  # whatever it was, what the other side thinks of the connection now is its own
            raise
        self._idle.append(client)

    async def _connected(self) -> SMTP:
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls is MailTls.IMPLICIT,
            start_tls=server.tls is MailTls.STARTTLS,
            username=server.user or None,
            password=server.password or None,
            tls_context=self._tls,
            timeout=self._call_seconds,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise self._not_connected(error) from None
        except BaseException:
            client.close()
            raise
        return client

    def _not_connected(self, error: Exception) -> ChannelError:
        """Nothing was sent: no text has left before there is a connection."""
        said = scrub(_text(error), (self._server.password,))[:300]
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            return Misconfigured(
                f"The mail server does not let us in: {said}. Check CRISIS_SMTP_USER and the password."
            )
        return Unavailable(f"There is no connection to the mail server {self._server.host}: {said}")

    def _translated(self, error: Exception, letter: Letter) -> ChannelError:
        said = scrub(_text(error), (letter.to, self._server.password))[:300]
        code = _code(error)
        if code is None:
            return OutcomeUnknown(f"The mail server was lost on the way: {said}")
        if code < _PERMANENT:
            return Throttled(f"The mail server answered {said}", code=str(code))
        if isinstance(error, aiosmtplib.SMTPSenderRefused):
            return Misconfigured(f"The mail server takes no mail from {self._server.sender}: {said}", code=str(code))
        return Rejected(f"The mail server answered {said}", code=str(code))


class SandboxMail:
    """Letters of an exercise: to the sandbox, over the transport that reaches no other host, and never to a mail server.

    ``url`` is where letters are handed over; another host than the sandbox's is refused.
    """

    def __init__(self, mailbox: Mailbox, *, call_seconds: float, url: str | None = None) -> None:
        self._url, self._token, self._call_seconds = url or f"{mailbox.url}/mail/letters", mailbox.token, call_seconds
        self._guard = Guard(frozenset({urlsplit(mailbox.url).netloc}))
        self._client: aiohttp.ClientSession | None = None

    async def send(self, letter: Letter) -> None:
        """Hand it to the sandbox."""
        if self._client is None:
            headers = {"Authorization": f"Bearer {self._token}"}
            self._client = guarded_client(self._guard, limit=64, call_seconds=self._call_seconds, headers=headers)
        content = {"to": letter.to, "subject": letter.subject, "text": letter.text, "message_id": letter.message_id}
        try:
            async with self._client.post(self._url, json=content) as answer:
                said, status = (await answer.text())[:200], answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ChannelError) as error:
            raise from_aiohttp(error, (letter.to, self._token)) from None
        if status == _CREATED:
            return
        said = scrub(f"{status} {said}", (letter.to, self._token))
        if status in {401, 403}:
            raise Misconfigured(f"The sandbox does not take mail: {said}", code=str(status))
        if status in {429, 503}:
            raise Throttled(f"The sandbox takes no mail now: {said}", code=str(status))
        if status >= _PERMANENT:
            raise OutcomeUnknown(f"The sandbox answered {said}", code=str(status))
        raise Rejected(f"The sandbox refused the mail: {said}", code=str(status))

    async def rest(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()


def written(letter: Letter, name: str, sender: str) -> EmailMessage:
    """The letter as it is sent. Nobody's name or title can begin a header of its own: line breaks are taken out here, too."""
    message = EmailMessage(SMTP_POLICY)
    message["From"] = Address(_line(name), addr_spec=sender)
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = _line(letter.subject)
    message["Date"] = localtime()
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(letter.text, charset="utf-8", cte="quoted-printable")
    return message


def _line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _code(error: Exception) -> int | None:
    """The mail server's answer in three digits; of one letter to one person there is one."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return error.recipients[0].code if error.recipients else None
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code > 0:
        return error.code
    return None


def _text(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {_line(error.message)}"
    return _line(str(error)) or type(error).__name__


async def _quit(client: SMTP) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await client.quit()
    except (aiosmtplib.SMTPException, TimeoutError, OSError):
        client.close()
