"""The tree of everything that can go wrong by intent. A class is a fact the caller can act on.

::

    CrisisError
    ├── NotFound       there is no such thing
    ├── NotAllowed     this actor may not do this
    ├── Invalid        the input cannot be used; ``problems`` lists every fault at once
    ├── Conflict       it was possible, but something else happened first
    ├── Locked         an activation holds the account; nothing was lost
    └── Unready        a part we depend on is missing or not reachable

Specific errors are declared in the module that raises them and inherit from one of these. Their text says what happened,
what it means and what to do next. HTTP status codes are not known here (``api/errors.py`` has that table).
"""

from collections.abc import Sequence


class CrisisError(Exception):
    """Base of all of them. The text is written for the person at the desk."""

    @property
    def code(self) -> str:
        """Machine name: the class name in kebab case, such as ``not-found``."""
        name = type(self).__name__
        return "".join(f"-{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


class NotFound(CrisisError):
    """There is no ``noun`` with this id or name."""

    def __init__(self, noun: str, which: object, hint: str = "") -> None:
        super().__init__(f"There is no {noun} {which!r}.{' ' + hint if hint else ''}")
        self.noun = noun
        self.which = which


class NotAllowed(CrisisError):
    """This actor may not do this."""


class Invalid(CrisisError):
    """The input cannot be used. ``problems`` names every fault found, one sentence each."""

    def __init__(self, summary: str, problems: Sequence[str] = ()) -> None:
        super().__init__(summary if not problems else summary + "\n" + "\n".join(f"- {p}" for p in problems))
        self.summary = summary
        self.problems = tuple(problems)


class Conflict(CrisisError):
    """It was possible, but something else happened first."""


class Locked(CrisisError):
    """An activation holds the account."""


class Unready(CrisisError):
    """Something this needs is missing or not reachable; the text says how to get it."""
