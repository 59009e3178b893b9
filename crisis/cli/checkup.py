"""The checkup behind ``crisis doctor``: one small look per part. Each finding says what to do where something is wrong."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import aiohttp
from alembic.script import ScriptDirectory
from kombu.exceptions import OperationalError
from redis import RedisError
from redis import asyncio as redis
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from crisis.accounts.models import Account, AccountState
from crisis.audiences.models import Recipient
from crisis.bootstrap import Crisis, crisis_of
from crisis.broker import celery_app
from crisis.cli import kept, promised, providers
from crisis.cli.door import explained
from crisis.cli.findings import Finding, Level
from crisis.db import alembic_config, no_bell
from crisis.deliveries import sweep
from crisis.errors import CrisisError, Unready
from crisis.mode import Mode
from crisis.settings import Settings

PATIENCE = 2.0  # seconds each part has to answer
LATE = 5.0  # sweeps that may be missed before somebody should know

_VERSION = text("SELECT version_num FROM alembic_version")
_STRAYED = text(
    """
    SELECT count(*) FROM deliveries d LEFT JOIN renditions r ON r.id = d.rendition_id
    WHERE d.mode IS NULL OR d.mode <> ALL(:modes) OR r.mode IS DISTINCT FROM d.mode
    """
)


def examine(settings: Settings) -> list[Finding]:
    """Look at everything. Takes some seconds when parts do not answer; changes nothing."""
    return asyncio.run(_examine(settings))


async def _examine(settings: Settings) -> list[Finding]:
    findings = [*await _database(settings)]
    findings += await _broker(settings)
    findings += await _sandbox(settings)
    return [
        *findings,
        *_keys(settings),
        *providers.addresses(settings),
        *providers.ceilings(settings),
        *_folders(settings),
        *await kept.findings(settings),
    ]


async def _database(settings: Settings) -> list[Finding]:
    try:
        crisis = crisis_of(settings, bell=no_bell)
    except Unready as problem:
        return [Finding("database", Level.WRONG, "No database is known.", str(problem))]
    try:
        with explained():
            schema = await _schema(crisis, settings)
            if schema.level is Level.WRONG:
                return [schema]
            findings = [schema, *await _modes(crisis), *await _sweeps(crisis)]
            findings += [*await _accounts(crisis), *await _sealed(crisis), *await providers.troubles(crisis)]
            return [*findings, *await promised.findings(crisis)]
    except Unready as problem:
        found, _, advice = str(problem).partition("\n")
        return [Finding("database", Level.WRONG, found, advice)]
    finally:
        await crisis.db.close()


async def _schema(crisis: Crisis, settings: Settings) -> Finding:
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    wanted = ScriptDirectory.from_config(alembic_config(url)).get_current_head()
    try:
        async with crisis.db.transaction() as session:
            found = (await session.execute(_VERSION)).scalar_one_or_none()
    except DBAPIError as problem:
        if "alembic_version" not in str(problem.orig):
            raise
        found = None
    if found == wanted:
        return Finding("database", Level.OK, "Answers, and has this version's schema.")
    has = f"has the schema {found}" if found else "has no schema"
    return Finding("database", Level.WRONG, f"It {has}; this version needs {wanted}.", "Run: crisis migrate")


async def _modes(crisis: Crisis) -> list[Finding]:
    """Deliveries that are neither actual nor an exercise, or not what their text is. The schema allows none."""
    async with crisis.db.transaction() as session:
        strayed = (await session.execute(_STRAYED, {"modes": [mode.value for mode in Mode]})).scalar_one()
    if not strayed:
        return []
    found = f"{strayed} deliveries have lost their mode, or have another than their text."
    advice = (
        "No worker sends them, to anybody. The schema forbids such rows: find out what changed it (a migration? a restore?) "
        "before anything else is approved."
    )
    return [Finding("mode", Level.WRONG, found, advice)]


async def _sweeps(crisis: Crisis) -> list[Finding]:
    findings = []
    for mode in Mode:
        async with crisis.db.transaction() as session:
            age = await sweep.age(session, mode)
        part = f"sweep, {mode}"
        if age <= crisis.settings.sweep_seconds * LATE:
            findings.append(Finding(part, Level.OK, f"{age:.0f} s ago."))
        else:
            advice = (
                "Start beat and the worker (crisis up, or crisis beat and crisis worker); until then nothing is sent."
            )
            findings.append(Finding(part, Level.WRONG, f"The last one was {_ago(age)} ago.", advice))
    return findings


async def _accounts(crisis: Crisis) -> list[Finding]:
    unit = crisis.settings.editors_unit
    async with crisis.db.transaction() as session:
        rows = (await session.scalars(select(Account).where(Account.state == AccountState.ACTIVE))).all()
    ours = {row.channel for row in rows if row.unit == unit and row.address}
    if not rows:
        return [Finding("accounts", Level.WRONG, "The register is empty.", "Run: crisis accounts import FILE")]
    if not ours:
        advice = "Connect them: crisis accounts connect --help"
        return [Finding("accounts", Level.WRONG, f"None of {unit}'s is connected: no message can go out.", advice)]
    findings = [Finding("accounts", Level.OK, f"{unit} can publish on {', '.join(sorted(ours))}.")]
    if missing := sorted(crisis.capabilities.keys() - ours - {"wordpress"}):
        findings.append(Finding("accounts", Level.NOTE, f"{unit} has no connected account on {', '.join(missing)}."))
    return [*findings, *providers.secrets(crisis.settings, ours)]


async def _sealed(crisis: Crisis) -> list[Finding]:
    """Whether the keys open what is stored: one of each will do."""
    async with crisis.db.transaction() as session:
        account = (await session.scalars(select(Account).where(Account.credentials.is_not(None)).limit(1))).first()
        someone = (await session.scalars(select(Recipient).where(Recipient.number != b"").limit(1))).first()
    try:
        if account is not None and account.credentials:
            crisis.credentials.open(account.credentials, f"account:{account.id}".encode())
        if someone is not None:
            crisis.numbers.open(someone.number, someone.fingerprint)
    except CrisisError as problem:
        advice = "Put back the key that was in use when it was stored; a new key cannot open it."
        return [Finding("keys", Level.WRONG, str(problem), advice)]
    return []


async def _broker(settings: Settings) -> list[Finding]:
    if settings.redis_url is None:
        advice = "Start one with `crisis up`, or set CRISIS_REDIS_URL. Until then only the standby sends, slower."
        return [Finding("broker", Level.WRONG, "No broker is known.", advice)]
    client = redis.from_url(
        settings.redis_url.get_secret_value(), socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE
    )
    try:
        await client.ping()
    except (RedisError, OSError) as problem:
        advice = "Start it again, or mend CRISIS_REDIS_URL. Nothing is lost: the standby sends meanwhile, slower."
        return [Finding("broker", Level.WRONG, f"Does not answer: {problem}", advice)]
    finally:
        await client.aclose()
    return [Finding("broker", Level.OK, "Answers."), *await asyncio.to_thread(_workers, settings)]


def _workers(settings: Settings) -> list[Finding]:
    app = celery_app(settings)
    try:
        names = [name for answer in app.control.ping(timeout=PATIENCE) for name in answer]
    except (OperationalError, RedisError, OSError) as problem:
        return [Finding("workers", Level.WRONG, f"Could not be asked: {problem}", "See that the broker is well.")]
    finally:
        app.close()
    findings = []
    for mode in Mode:
        hosts = sorted(name.partition("@")[2] for name in names if name.startswith(f"{mode.value}@"))
        if hosts:
            findings.append(Finding(f"worker, {mode}", Level.OK, f"Answers on {', '.join(hosts)}."))
        else:
            advice = f"Start one: crisis worker --mode {mode} (or everything: crisis up)"
            findings.append(Finding(f"worker, {mode}", Level.WRONG, "None answers.", advice))
    return findings


async def _sandbox(settings: Settings) -> list[Finding]:
    if not settings.sandbox_url:
        advice = "Exercises need it: crisis up starts one; or run crisis sandbox, and set CRISIS_SANDBOX_URL."
        return [Finding("sandbox", Level.NOTE, "None is known.", advice)]
    url = settings.sandbox_url.rstrip("/")
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as client,
            client.get(f"{url}/sandbox/health") as answer,
        ):
            if answer.status == 200:  # noqa: PLR2004 - HTTP's own word for well
                return [Finding("sandbox", Level.OK, f"Answers at {url}.")]
            problem = f"answered {answer.status}"
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        problem = str(error) or type(error).__name__
    advice = "Exercises cannot run without it. Start it: crisis sandbox, or everything: crisis up"
    return [Finding("sandbox", Level.WRONG, f"{url}: {problem}.", advice)]


def _keys(settings: Settings) -> list[Finding]:
    unset = [f"CRISIS_{name.upper()}" for name in ("numbers_key", "credentials_key") if getattr(settings, name) is None]
    if not unset:
        return [Finding("keys", Level.OK, "Both are set.")]
    advice = "Make each with: python -c 'import secrets; print(secrets.token_hex(32))'. Keep a copy somewhere safe."
    return [Finding("keys", Level.WRONG, f"{' and '.join(unset)} not set: nothing sealed can be opened.", advice)]


def _folders(settings: Settings) -> Iterator[Finding]:
    for name, folder in (("crisis page", settings.crisis_page_dir), ("its exercise", settings.exercise_page_dir)):
        there = next(each for each in (folder, *folder.parents) if each.exists())
        if os.access(there, os.W_OK | os.X_OK) and there.is_dir():
            yield Finding(name, Level.OK, f"Is written to {folder}.")
        else:
            advice = "Make the folder, or let the worker's user write there. The page is the public's main source."
            yield Finding(name, Level.WRONG, f"{_named(there, folder)} cannot be written.", advice)


def _named(there: Path, folder: Path) -> str:
    return str(folder) if there == folder else f"{folder} is not there, and {there}"


def _ago(seconds: float) -> str:
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{seconds:.0f} s"
