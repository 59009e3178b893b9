"""The unruly provider: it counts what it took, hides nothing from its judge, and calls back about all of it, whatever happens to
a connection."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from adapters.sms import Sms
from adapters.twilio_watch import IN_PAGE
from bench.callbacks import Storm
from bench.people import number_of
from bench.stub import SID
from bench.unruly import FAULTS, Temper, Unruly, unruly
from crisis.bootstrap import setup_for
from crisis.channels import AccountRef
from crisis.mode import Mode
from crisis.settings import Settings

PEOPLE, TOKEN = 400, "token-of-a-test"
MESSAGES = f"/2010-04-01/Accounts/{SID}/Messages.json"


class Heard:
    """An endpoint that takes callbacks, checks them with the official validator, and ends every tenth connection."""

    def __init__(self) -> None:
        self.told = list[tuple[int, str]]()
        self.url = ""

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
                body = (await reader.readexactly(int(lines["Content-Length"]))).decode()
                path = head.split(" ", 2)[1]
                fields = dict(piece.split("=", 1) for piece in body.split("&")) | {"To": "+" + body.split("To=%2B")[1]}
                if len(self.told) % 10 == 9:
                    self.told.append((0, ""))
                    break
                assert RequestValidator(TOKEN).validate(self.url + path, fields, lines["X-Twilio-Signature"])
                self.told.append((int(path.rpartition("=")[2]), fields["MessageStatus"]))
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def heard() -> AsyncIterator[tuple[Heard, int]]:
    ear = Heard()
    server = await asyncio.start_server(ear.take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    ear.url = f"http://127.0.0.1:{port}"
    async with server:
        yield ear, port


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await true():
            await asyncio.sleep(0.02)


async def send(provider: Unruly, url: str, place: int) -> int:
    """The status; 0 for a connection that was closed, -1 for no answer."""
    form = {
        "To": number_of(place),
        "Body": "Skred",
        "StatusCallback": f"{url}/receipts/actual/sms?delivery={place + 1000}",
    }
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(0.5)) as session:
        try:
            async with session.post(provider.url + MESSAGES, data=form) as response:
                await response.read()
                return response.status
        except TimeoutError:
            return -1
        except aiohttp.ClientError:
            return 0


@pytest.mark.timeout(90)
async def test_everything_it_took_is_called_back_about_and_everything_is_counted() -> None:
    async with heard() as (ear, port):
        storm = Storm(port, TOKEN, shuffled=0, duplicated=0.0, late=0.2)
        with unruly(PEOPLE, Temper(faults=0.3, rejected=0.05, hidden=0.5), storm) as (provider, _):
            statuses = [await send(provider, ear.url, place) for place in range(PEOPLE)]
            standing = await asyncio.to_thread(provider.standing)
            assert standing.creates == PEOPLE
            assert set(standing.faults) == set(FAULTS)
            assert standing.rejected == statuses.count(400) > 0
            assert standing.accepted == standing.recipients > statuses.count(201) - standing.faults["garbage_before"]
            assert standing.storm["late"] > 0
            await asyncio.to_thread(provider.release)

            async def is_done() -> bool:
                said = (await asyncio.to_thread(provider.standing)).storm
                return said["waiting"] + said["late"] == 0

            await until(is_done)
        told = [each for each in ear.told if each[0]]
        assert {word for _, word in told} == {"sent", "delivered", "undelivered"}
        assert len({delivery for delivery, _ in told}) == standing.accepted
        assert len(set(told)) == 2 * standing.accepted, "a callback was lost when a connection ended"


@pytest.mark.timeout(60)
async def test_it_says_which_deliveries_got_more_than_one() -> None:
    async with heard() as (ear, port):
        with unruly(PEOPLE, Temper(faults=0.0, rejected=0.0), Storm(port, TOKEN)) as (provider, _):
            for place in (7, 8, 8, 9, 9, 9):
                assert await send(provider, ear.url, place) == 201
            assert await asyncio.to_thread(provider.repeats) == {1008: 2, 1009: 3}


@pytest.mark.timeout(60)
async def test_the_watch_finds_all_it_took_page_by_page(tmp_path: Path) -> None:
    async with heard() as (ear, port):
        with unruly(IN_PAGE + 50, Temper(faults=0.0, rejected=0.0), Storm(port, TOKEN)) as (provider, _):
            for place in range(IN_PAGE + 50):
                assert await send(provider, ear.url, place) == 201
            settings = Settings(
                home=tmp_path,
                twilio_url=provider.url,
                twilio_account_sid=SecretStr(SID),
                twilio_auth_token=SecretStr(TOKEN),
            )
            sms = Sms(setup_for(Mode.ACTUAL, settings))
            posted = await sms.list_posted(AccountRef(1, "sms", "nettredaksjonen", "Fjordvik"), 3600.0)
            await sms.close()
    assert len({each.reference for each in posted}) == IN_PAGE + 50
