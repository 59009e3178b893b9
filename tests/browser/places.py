"""Places: every page of the desk that somebody can open, by the path it has in a town where something has happened."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi.routing import APIRoute

from api.desk import desk
from crisis.mode import Mode
from crisis.roles import MAY, Act, Role


@dataclass(frozen=True)
class Ids:
    """What is in force and what was written, by number. 0 where there is none."""

    activation: int = 0
    message: int = 0
    draft: int = 0
    account: int = 1
    imported: int = 0
    delivery: int = 0
    post: int = 0
    drill: int = 0
    breach: int = 0
    contact: int = 0
    mode: Mode = Mode.ACTUAL


@dataclass(frozen=True)
class Place:
    """One page. ``act``: who opens it; everybody who is signed in, when it is None. ``needs``: what must be there."""

    path: str
    act: Act | None = None
    needs: str = ""
    in_exercise: bool = True


PLACES = (
    Place("/"),
    Place("/activations/new", Act.ACTIVATE),
    Place("/activations/{activation}/lock", Act.READ_CRISIS, "activation"),
    Place("/activations/{activation}/lock-board", Act.READ_CRISIS, "activation"),
    Place("/activations/{activation}/certificate", Act.READ_CRISIS, "activation"),
    Place("/activations/{activation}/stand-down", Act.STAND_DOWN, "activation"),
    Place("/messages", Act.READ_CRISIS),
    Place("/messages/new", Act.WRITE_MESSAGE),
    Place("/messages/new?hazard=landslide", Act.WRITE_MESSAGE, "activation"),
    Place("/messages/{message}", Act.READ_CRISIS, "message"),
    Place("/messages/{message}/recipients", Act.READ_CRISIS, "message"),
    Place("/messages/{message}/retract", Act.APPROVE_MESSAGE, "message"),
    Place("/messages/{message}/withdraw", Act.DECIDE_DELIVERY, "message"),
    Place("/deliveries/{delivery}", Act.READ_CRISIS, "delivery"),
    Place("/messages/{message}/revisions/{draft}", Act.WRITE_MESSAGE, "draft"),
    Place("/messages/{message}/revisions/{draft}/check", Act.WRITE_MESSAGE, "draft"),
    Place("/breaches", Act.READ_CRISIS),
    Place("/breaches/{breach}", Act.READ_CRISIS, "breach"),
    Place("/accounts", Act.READ_CRISIS),
    Place("/accounts/{account}", Act.READ_CRISIS),
    Place("/accounts/import", Act.MANAGE_ACCOUNTS, in_exercise=False),
    Place("/contacts", Act.MANAGE_ACCOUNTS, in_exercise=False),
    Place("/contacts/import", Act.MANAGE_ACCOUNTS, in_exercise=False),
    Place("/contacts/{contact}", Act.MANAGE_ACCOUNTS, "contact", in_exercise=False),
    Place("/posts", Act.POST),
    Place("/posts/1", Act.POST, "post"),
    Place("/pointer", Act.READ_CRISIS),
    Place("/activations/{activation}/access", Act.READ_CRISIS, "activation"),
    Place("/audiences", Act.MANAGE_AUDIENCES, in_exercise=False),
    Place("/audiences/import", Act.MANAGE_AUDIENCES, in_exercise=False),
    Place("/audiences/imports/{imported}", Act.MANAGE_AUDIENCES, "imported", in_exercise=False),
    Place("/switchboard", Act.READ_CRISIS),
    Place("/activations/{activation}/report", Act.READ_LOG, "activation"),
    Place("/improvements", Act.READ_CRISIS),
    Place("/drills", Act.RUN_DRILL, in_exercise=False),
    Place("/drills/new?playbook=kvikkleireskred", Act.RUN_DRILL, in_exercise=False),
    Place("/drills/{drill}", Act.RUN_DRILL, "drill"),
    Place("/drills/{drill}/stop", Act.RUN_DRILL, "drill"),
    Place("/drills/{drill}/expectations/E3", Act.RUN_DRILL, "drill"),
    Place("/inbox"),
    Place("/drills/{drill}/impression", Act.READ_CRISIS, "drill"),
    Place("/drills/{drill}/report", Act.READ_LOG, "drill"),
    Place("/drills/{drill}/answers", Act.READ_LOG, "drill"),
    Place("/log", Act.READ_LOG),
    Place("/log/note", Act.WRITE_LOG),
    Place("/users", Act.MANAGE_USERS, in_exercise=False),
    Place("/users/new", Act.MANAGE_USERS, in_exercise=False),
    Place("/users/1", Act.MANAGE_USERS, in_exercise=False),
    Place("/settings", Act.MANAGE_ACCOUNTS, in_exercise=False),
    Place("/settings/checkup", Act.MANAGE_ACCOUNTS, "activation", in_exercise=False),
    Place("/help", in_exercise=False),
    Place("/me", in_exercise=False),
)
READERS = (Role.DIRECTOR, Role.ADMIN, Role.EDITOR, Role.UNIT)
"""Together they open every page."""


def of(ids: Ids, *roles: Role) -> Iterator[tuple[Role, str]]:
    """Every page once, opened by the first of these roles who may: ``(role, path)``."""
    for place in PLACES:
        reader = next((role for role in roles or READERS if place.act is None or role in MAY[place.act]), None)
        if reader is None or (place.needs and not getattr(ids, place.needs)):
            continue
        if ids.mode is Mode.EXERCISE and not place.in_exercise:
            continue
        path = place.path.format(**vars(ids))
        if ids.mode is Mode.EXERCISE:
            path += ("&" if "?" in path else "?") + "mode=exercise"
        yield reader, path


def addresses() -> Iterator[str]:
    """What the desk answers a GET at, by its own word."""
    for noun in desk.NOUNS:
        for route in noun.router.routes:
            if isinstance(route, APIRoute) and "GET" in route.methods:
                yield route.path


def is_among(address: str) -> bool:
    """Whether one of the places is at this address."""
    pattern = re.compile(re.sub(r"\{[^}]+\}", "[^/]+", address))
    return any(pattern.fullmatch(re.sub(r"\{\w+\}", "1", place.path).partition("?")[0]) for place in PLACES)
