"""The door: how a command reaches the domain, as whom, and what is said when the database is away."""

import asyncio
import getpass
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import typer
from psycopg import errors as postgres
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

from crisis.bootstrap import Crisis, crisis_of
from crisis.errors import Unready
from crisis.mode import Mode
from crisis.roles import Actor, Role
from crisis.settings import Settings

T = TypeVar("T")

ByOption = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who acts; goes on record. [default: who is logged in here]")
]
ExerciseOption = Annotated[bool, typer.Option("--exercise", help="The exercise, not the real thing.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output, for scripts.")]


def run(act: Callable[[Crisis], Coroutine[Any, Any, T]], settings: Settings | None = None) -> T:
    """Do one act on the domain, on a database pool of its own. Raises what the act raises, and :class:`Unready` for a
    database that does not answer or has another schema than this version's.
    """

    async def whole() -> T:
        crisis = crisis_of(settings or Settings())
        try:
            return await act(crisis)
        finally:
            await crisis.db.close()

    with explained():
        return asyncio.run(whole())


@contextmanager
def explained() -> Iterator[None]:
    """Say in words what is wrong with the database."""
    try:
        yield
    except (OperationalError, InterfaceError) as problem:
        reason = str(problem.orig).strip().splitlines()[0] if problem.orig else "no answer"
        raise Unready(
            f"The database does not answer: {reason}\nWhat was under way was done whole or not at all. Start everything "
            "on this machine with `crisis up`; if the database is elsewhere, see that it runs and that "
            "CRISIS_DATABASE_URL is right. `crisis doctor` looks at every part."
        ) from problem
    except ProgrammingError as problem:
        if isinstance(problem.orig, postgres.UndefinedTable | postgres.UndefinedColumn):
            raise Unready(
                "The database has another schema than this version needs. Nothing was done. Bring it up to date with "
                "`crisis migrate`."
            ) from problem
        raise


def actor(by: str | None) -> Actor:
    """Whoever holds this shell is the operator, under the name given or the one they are logged in with."""
    return Actor(" ".join((by or "").split()) or _logged_in(), Role.OPERATOR)


def mode(*, exercise: bool) -> Mode:
    """The mode a command is about."""
    return Mode.EXERCISE if exercise else Mode.ACTUAL


def _logged_in() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in many containers
        return f"user {os.getuid()}"
