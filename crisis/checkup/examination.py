"""The examination: one small look per part. Each finding says what to do where something is wrong."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import aiohttp
from alembic.script import ScriptDirectory
from kombu.exceptions import OperationalError as BrokerAway
from redis import RedisError
from redis import asyncio as redis
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from crisis.accounts.models import Account, AccountState
from crisis.audiences.models import Recipient
from crisis.bootstrap import Crisis, crisis_of
from crisis.broker import celery_app
from crisis.checkup import clocks, drills, kept, providers, undone
from crisis.checkup.findings import Finding, Level, called, listed, span
from crisis.db import alembic_config, no_bell
from crisis.deliveries import sweep
from crisis.errors import CrisisError, Unready
from crisis.mode import Mode
from crisis.said import Said
from crisis.settings import Settings

PATIENCE = 2.0  # seconds each part has to answer
LATE = 5.0  # sweeps that may be missed before somebody should know

_DATABASE, _ACCOUNTS, _KEYS = Said("database"), Said("accounts"), Said("keys")
_BROKER, _SANDBOX = Said("broker"), Said("sandbox")
_SWEEPS = {Mode.ACTUAL: Said("sweep, actual"), Mode.EXERCISE: Said("sweep, exercise")}
_WORKERS = {Mode.ACTUAL: Said("worker, actual"), Mode.EXERCISE: Said("worker, exercise")}
_VERSION = text("SELECT version_num FROM alembic_version")
_STRAYED = text(
    """
    SELECT count(*) FROM deliveries d LEFT JOIN renditions r ON r.id = d.rendition_id
    WHERE d.mode IS NULL OR d.mode <> ALL(:modes) OR r.mode IS DISTINCT FROM d.mode
    """
)


async def examine(settings: Settings, *, with_undone: bool = True) -> list[Finding]:
    """Look at everything. Takes some seconds when parts do not answer; changes nothing.

    ``with_undone``: what waits for people too, accounts in trouble and promises, which the desk shows elsewhere.
    """
    findings = [*await _database(settings, with_undone=with_undone)]
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


async def _database(settings: Settings, *, with_undone: bool) -> list[Finding]:
    try:
        crisis = crisis_of(settings, bell=no_bell)
    except Unready as problem:
        return [Finding(_DATABASE, Level.WRONG, Said("No database is known."), str(problem))]
    try:
        schema = await _schema(crisis, settings)
        if schema.level is Level.WRONG:
            return [schema]
        findings = [
            schema,
            await clocks.finding(crisis),
            *await _modes(crisis),
            *await _sweeps(crisis),
            *await _accounts(crisis),
        ]
        findings += [*await _sealed(crisis), *await drills.findings(crisis)]
        return (
            [*findings, *await providers.troubles(crisis), *await undone.findings(crisis)] if with_undone else findings
        )
    except (OperationalError, InterfaceError) as problem:
        reason = str(problem.orig).strip().splitlines()[0] if problem.orig else "no answer"
        found = Said("The database does not answer: {reason}", reason=reason)
        advice = Said(
            "What was under way was done whole or not at all. Start everything on this machine with `crisis up`; if the "
            "database is elsewhere, see that it runs and that CRISIS_DATABASE_URL is right."
        )
        return [Finding(_DATABASE, Level.WRONG, found, advice)]
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
        return Finding(_DATABASE, Level.OK, Said("Answers, and has this version's schema."))
    if found:
        has = Said("It has the schema {found}; this version needs {wanted}.", found=found, wanted=str(wanted))
    else:
        has = Said("It has no schema; this version needs {wanted}.", wanted=str(wanted))
    return Finding(_DATABASE, Level.WRONG, has, Said("Run: crisis migrate"))


async def _modes(crisis: Crisis) -> list[Finding]:
    """Deliveries that are neither actual nor an exercise, or not what their text is. The schema allows none."""
    async with crisis.db.transaction() as session:
        strayed = (await session.execute(_STRAYED, {"modes": [mode.value for mode in Mode]})).scalar_one()
    if not strayed:
        return []
    found = Said("{count} deliveries have lost their mode, or have another than their text.", count=strayed)
    advice = Said(
        "No worker sends them, to anybody. The schema forbids such rows: find out what changed it (a migration? a restore?) "
        "before anything else is approved."
    )
    return [Finding(Said("mode"), Level.WRONG, found, advice)]


async def _sweeps(crisis: Crisis) -> list[Finding]:
    findings = []
    for mode in Mode:
        async with crisis.db.transaction() as session:
            age = await sweep.age(session, mode)
        part = _SWEEPS[mode]
        if age <= crisis.settings.sweep_seconds * LATE:
            findings.append(Finding(part, Level.OK, Said("{count:.0f} s ago.", count=age)))
        else:
            advice = Said(
                "Start beat and the worker (crisis up, or crisis beat and crisis worker); until then nothing is sent."
            )
            findings.append(Finding(part, Level.WRONG, Said("The last one was {span} ago.", span=span(age)), advice))
    return findings


async def _accounts(crisis: Crisis) -> list[Finding]:
    unit = crisis.settings.editors_unit
    async with crisis.db.transaction() as session:
        rows = (await session.scalars(select(Account).where(Account.state == AccountState.ACTIVE))).all()
    ours = {row.channel for row in rows if row.unit == unit and row.address}
    if not rows:
        advice = Said("Run: crisis accounts import FILE")
        return [Finding(_ACCOUNTS, Level.WRONG, Said("The register is empty."), advice)]
    if not ours:
        advice = Said("Connect them: crisis accounts connect --help")
        found = Said("None of {unit}'s is connected: no message can go out.", unit=unit)
        return [Finding(_ACCOUNTS, Level.WRONG, found, advice)]
    can = Said("{unit} can publish on {channels}.", unit=unit, channels=listed([called(each) for each in sorted(ours)]))
    findings = [Finding(_ACCOUNTS, Level.OK, can)]
    if missing := sorted(crisis.capabilities.keys() - ours - {"wordpress"}):
        cannot = Said(
            "{unit} has no connected account on {channels}.",
            unit=unit,
            channels=listed([called(each) for each in missing]),
        )
        findings.append(Finding(_ACCOUNTS, Level.NOTE, cannot))
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
        advice = Said("Put back the key that was in use when it was stored; a new key cannot open it.")
        return [Finding(_KEYS, Level.WRONG, str(problem), advice)]
    return []


async def _broker(settings: Settings) -> list[Finding]:
    if settings.redis_url is None:
        advice = Said("Start one with `crisis up`, or set CRISIS_REDIS_URL. Until then only the standby sends, slower.")
        return [Finding(_BROKER, Level.WRONG, Said("No broker is known."), advice)]
    client = redis.from_url(
        settings.redis_url.get_secret_value(), socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE
    )
    try:
        await client.ping()
    except (RedisError, OSError) as problem:
        advice = Said("Start it again, or mend CRISIS_REDIS_URL. Nothing is lost: the standby sends meanwhile, slower.")
        return [Finding(_BROKER, Level.WRONG, Said("Does not answer: {why}", why=str(problem)), advice)]
    finally:
        await client.aclose()
    return [Finding(_BROKER, Level.OK, Said("Answers.")), *await asyncio.to_thread(_workers, settings)]


def _workers(settings: Settings) -> list[Finding]:
    app = celery_app(settings)
    try:
        names = [name for answer in app.control.ping(timeout=PATIENCE) for name in answer]
    except (BrokerAway, RedisError, OSError) as problem:
        found = Said("Could not be asked: {why}", why=str(problem))
        return [Finding(Said("workers"), Level.WRONG, found, Said("See that the broker is well."))]
    finally:
        app.close()
    findings = []
    for mode in Mode:
        hosts = sorted(name.partition("@")[2] for name in names if name.startswith(f"{mode.value}@"))
        if hosts:
            findings.append(Finding(_WORKERS[mode], Level.OK, Said("Answers on {hosts}.", hosts=", ".join(hosts))))
        else:
            advice = Said("Start one: crisis worker --mode {mode} (or everything: crisis up)", mode=mode.value)
            findings.append(Finding(_WORKERS[mode], Level.WRONG, Said("None answers."), advice))
    return findings


async def _sandbox(settings: Settings) -> list[Finding]:
    if not settings.sandbox_url:
        advice = Said("Exercises need it: crisis up starts one; or run crisis sandbox, and set CRISIS_SANDBOX_URL.")
        return [Finding(_SANDBOX, Level.NOTE, Said("None is known."), advice)]
    url = settings.sandbox_url.rstrip("/")
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as client,
            client.get(f"{url}/sandbox/health") as answer,
        ):
            if answer.status == 200:  # noqa: PLR2004 - HTTP's own word for well
                return [Finding(_SANDBOX, Level.OK, Said("Answers at {url}.", url=url))]
            problem = f"answered {answer.status}"
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        problem = str(error) or type(error).__name__
    advice = Said("Exercises cannot run without it. Start it: crisis sandbox, or everything: crisis up")
    return [Finding(_SANDBOX, Level.WRONG, Said("{url}: {why}.", url=url, why=problem), advice)]


def _keys(settings: Settings) -> list[Finding]:
    unset = [f"CRISIS_{name.upper()}" for name in ("numbers_key", "credentials_key") if getattr(settings, name) is None]
    if not unset:
        return [Finding(_KEYS, Level.OK, Said("Both are set."))]
    found = Said("{names} not set: nothing sealed can be opened.", names=listed(unset))
    advice = Said(
        "Make each with: python -c 'import secrets; print(secrets.token_hex(32))'. Keep a copy somewhere safe."
    )
    return [Finding(_KEYS, Level.WRONG, found, advice)]


def _folders(settings: Settings) -> Iterator[Finding]:
    pages = ((Said("crisis page"), settings.crisis_page_dir), (Said("its exercise"), settings.exercise_page_dir))
    for name, folder in pages:
        there = next(each for each in (folder, *folder.parents) if each.exists())
        if os.access(there, os.W_OK | os.X_OK) and there.is_dir():
            yield Finding(name, Level.OK, Said("Is written to {folder}.", folder=str(folder)))
        else:
            advice = Said(
                "Make the folder, or let the worker's user write there. The page is the public's main source."
            )
            yield Finding(name, Level.WRONG, _unwritable(there, folder), advice)


def _unwritable(there: Path, folder: Path) -> Said:
    if there == folder:
        return Said("{folder} cannot be written.", folder=str(folder))
    return Said("{folder} is not there, and {there} cannot be written.", folder=str(folder), there=str(there))
