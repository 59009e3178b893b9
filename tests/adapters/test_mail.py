"""Mail: over real sockets to a real SMTP server, and for an exercise to the sandbox and nowhere else."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from adapters.mail import SandboxMail, SmtpMail, written
from adapters.transport import ForbiddenHost
from crisis.bootstrap import mail_for
from crisis.channel_mail import Letter, Mailbox
from crisis.channel_mail import MailServer as Server
from crisis.channels import Misconfigured, OutcomeUnknown, Rejected, Throttled, Unavailable
from crisis.embedded.port import free_port
from crisis.mode import Mode
from crisis.setting_words import MailTls
from crisis.settings import Settings
from tests.adapters.certificate import make
from tests.adapters.mail_server import PASSWORD, SENDER, USER, MailServer, MailServers
from tests.adapters.sandbox_server import SandboxServer
from tests.adapters.scripted import Scripted

LETTER = Letter(
    "leder@biblioteket.test",
    "Krisestab er satt: ikke legg ut noe",
    "Hei.\n\nÅ, så blått det er.\n",
    "<notification-1.ab@test>",
)


@pytest.fixture
def mail_server() -> Iterator[MailServers]:
    with ExitStack() as stack:
        yield lambda *given, **more: stack.enter_context(MailServer(*given, **more))


async def test_a_letter_arrives_as_it_was_written(mail_server: MailServers) -> None:
    server = mail_server()
    mail = SmtpMail(server.as_server(), call_seconds=5)
    await mail.send(LETTER)
    await mail.rest()
    [arrived] = server.letters
    assert arrived["From"] == f"Fjordvik kommune <{SENDER}>"
    assert (arrived["To"], arrived["Subject"], arrived["Message-ID"]) == (LETTER.to, LETTER.subject, LETTER.message_id)
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived.get_content_type() == "text/plain"
    assert arrived.get_content_charset() == "utf-8"
    assert arrived.get_content().replace("\r\n", "\n") == LETTER.text


async def test_a_connection_serves_many_letters_and_one_that_grew_tired_is_made_anew(mail_server: MailServers) -> None:
    server = mail_server()
    mail = SmtpMail(server.as_server(), call_seconds=5)
    for _ in range(3):
        await mail.send(LETTER)
    assert (len(server.letters), server.connections) == (3, 1)
    mail._idle[0].close()
    await mail.send(LETTER)
    await mail.rest()
    assert (len(server.letters), server.connections) == (4, 2)


async def test_later_is_no_refusal_and_the_letter_is_the_same_when_it_comes_again(mail_server: MailServers) -> None:
    server = mail_server()
    mail = SmtpMail(server.as_server(), call_seconds=5)
    server.answers = ["451 4.3.0 Try again later"]
    server.to_recipients = ["450 4.2.1 <leder@biblioteket.test> greylisted"]
    for _ in range(2):
        with pytest.raises(Throttled) as caught:
            await mail.send(LETTER)
        assert LETTER.to not in caught.value.reason
    await mail.send(LETTER)
    await mail.rest()
    assert [each["Message-ID"] for each in server.letters] == [LETTER.message_id]


async def test_no_is_final_and_holds_no_address(mail_server: MailServers) -> None:
    server = mail_server()
    mail = SmtpMail(server.as_server(), call_seconds=5)
    server.to_recipients = ["550 5.1.1 <leder@biblioteket.test>: no such user"]
    server.answers = ["554 5.7.1 Not wanted here"]
    for said in ("550 5.1.1 <[hidden]>: no such user", "554 5.7.1 Not wanted here"):
        with pytest.raises(Rejected) as caught:
            await mail.send(LETTER)
        assert said in caught.value.reason
        assert LETTER.to not in caught.value.reason
    assert not server.letters


async def test_lost_after_the_text_had_left_is_unknown_and_again_is_the_same_letter(mail_server: MailServers) -> None:
    server = mail_server()
    mail = SmtpMail(server.as_server(), call_seconds=5)
    server.drops_after_data = 1
    with pytest.raises(OutcomeUnknown):
        await mail.send(LETTER)
    await mail.send(LETTER)
    await mail.rest()
    assert {each["Message-ID"] for each in server.letters} == {LETTER.message_id}
    assert len(server.letters) == 2


async def test_a_slow_server_is_given_up_on_in_time(mail_server: MailServers) -> None:
    server = mail_server()
    server.slow_seconds = 1.0
    mail = SmtpMail(server.as_server(), call_seconds=0.2)
    with pytest.raises(OutcomeUnknown, match=r"within 0\.2 seconds"):
        await mail.send(LETTER)


async def test_nobody_there_means_that_nothing_was_sent() -> None:
    nobody = Server("127.0.0.1", free_port(), MailTls.NONE, "", "", SENDER, "Fjordvik kommune")
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1"):
        await SmtpMail(nobody, call_seconds=2).send(LETTER)


@pytest.mark.parametrize("tls", [MailTls.IMPLICIT, MailTls.STARTTLS])
async def test_the_way_is_closed_and_the_server_proved(mail_server: MailServers, tls: MailTls, tmp_path: Path) -> None:
    pem, key = make(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, key)
    server = mail_server(tls, context)
    mail = SmtpMail(server.as_server(), call_seconds=5, tls=ssl.create_default_context(cafile=pem))
    await mail.send(LETTER)
    await mail.rest()
    assert len(server.letters) == 1
    with pytest.raises(Unavailable, match="certificate"):  # one that nobody vouches for
        await SmtpMail(server.as_server(), call_seconds=5).send(LETTER)
    assert len(server.letters) == 1


async def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(mail_server: MailServers) -> None:
    plain = mail_server()
    plain.tls = MailTls.STARTTLS
    with pytest.raises(Unavailable, match="STARTTLS"):
        await SmtpMail(plain.as_server(), call_seconds=5).send(LETTER)
    assert not plain.letters


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
async def test_a_wrong_password_is_the_settings_fault_and_is_not_said(mail_server: MailServers) -> None:
    server = mail_server(asks_who=True)
    good = SmtpMail(server.as_server(user=USER, password=PASSWORD), call_seconds=5)
    await good.send(LETTER)
    await good.rest()
    with pytest.raises(Misconfigured, match="CRISIS_SMTP_USER") as caught:
        await SmtpMail(server.as_server(user=USER, password="wrong-password"), call_seconds=5).send(LETTER)
    assert "wrong-password" not in caught.value.reason
    assert len(server.letters) == 1


def test_a_name_or_a_title_begins_no_header() -> None:
    letter = Letter(LETTER.to, "Skred\r\nBcc: alle@fjordvik.test\r\n\r\nx", "x\n.\nQUIT\n", LETTER.message_id)
    message = written(letter, "Fjordvik\r\nX-Mine: 1", SENDER)
    assert "Bcc" not in message
    assert "X-Mine" not in message
    assert message["Subject"] == "Skred Bcc: alle@fjordvik.test x"


async def test_a_lone_dot_ends_no_letter(mail_server: MailServers) -> None:
    server = mail_server()
    mail = SmtpMail(server.as_server(), call_seconds=5)
    await mail.send(Letter(LETTER.to, "Prikk", "før\n.\netter\n", LETTER.message_id))
    await mail.rest()
    assert server.letters[0].get_content().replace("\r\n", "\n") == "før\n.\netter\n"


# Exercises


async def test_an_exercises_letters_come_to_the_sandbox_with_live_settings_present(
    settings: Settings, mail_server: MailServers
) -> None:
    live = mail_server()
    told = {"smtp_host": "127.0.0.1", "smtp_port": live.port, "smtp_tls": MailTls.NONE, "mail_from": SENDER}
    with SandboxServer() as sandbox:
        known = settings.model_dump() | told | {"sandbox_url": sandbox.url, "sandbox_token": sandbox.token}
        mail = mail_for(Mode.EXERCISE, Settings(**known))
        assert isinstance(mail, SandboxMail)
        await mail.send(LETTER)
        await mail.send(LETTER)
        sandbox.fault("mail", "error", status=422, times=1)
        with pytest.raises(Rejected):
            await mail.send(LETTER)
        sandbox.fault("mail", "429", times=1)
        with pytest.raises(Throttled):
            await mail.send(LETTER)
        sandbox.fault("mail", "drop_before", times=1)
        with pytest.raises(OutcomeUnknown):
            await mail.send(LETTER)
        await mail.rest()
        assert [(each["to"], each["key"]) for each in sandbox.records("mail")] == [(LETTER.to, LETTER.message_id)] * 2
        assert LETTER.subject in sandbox._session.get(sandbox.url).text
        assert isinstance(mail_for(Mode.ACTUAL, Settings(**known)), SmtpMail)
    assert not live.letters
    assert live.connections == 0


async def test_an_exercises_letters_go_to_no_host_but_the_sandboxs(server: Scripted) -> None:
    mail = SandboxMail(Mailbox("http://127.0.0.1:1", "x"), call_seconds=1, url=f"{server.url}/mail/letters")
    with pytest.raises(ForbiddenHost):
        await mail.send(LETTER)
    await mail.rest()
    assert server.requests == []


def test_without_a_mail_server_there_is_no_mail(settings: Settings) -> None:
    assert mail_for(Mode.ACTUAL, settings) is None


def test_a_mail_server_needs_a_sender_and_tls_unless_it_is_here() -> None:
    with pytest.raises(ValueError, match="CRISIS_MAIL_FROM"):
        Settings(smtp_host="post.fjordvik.test")
    with pytest.raises(ValueError, match="without TLS"):
        Settings(smtp_host="post.fjordvik.test", mail_from=SENDER, smtp_tls=MailTls.NONE)
    Settings(smtp_host="127.0.0.1", smtp_port=free_port(), mail_from=SENDER, smtp_tls=MailTls.NONE)
