"""Who can publish on a Facebook page: its portfolio's assigned users, and those who were given access directly."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

SERVICE = "sandbox"
"""The id of whoever is behind any token here: this service's own system user. It can never be taken away."""
TASKS = frozenset(
    {"MANAGE", "CREATE_CONTENT", "MODERATE", "MESSAGING", "ADVERTISE", "ANALYZE", "PROFILE_PLUS_FULL_CONTROL",
     "PROFILE_PLUS_MANAGE", "PROFILE_PLUS_CREATE_CONTENT", "PROFILE_PLUS_MODERATE", "PROFILE_PLUS_MESSAGING",
     "PROFILE_PLUS_ADVERTISE", "PROFILE_PLUS_ANALYZE", "PROFILE_PLUS_REVENUE"}
)  # fmt: skip


class PagePerson(BaseModel):
    """Somebody with tasks on a page."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,40}$")]
    name: Annotated[str, Field(max_length=200)] = ""
    tasks: Annotated[list[str], Field(min_length=1)]
    access: Literal["assigned", "direct"] = "assigned"


_PEOPLE = TypeAdapter(list[PagePerson])


class PagePeople:
    """The people of every page. Until somebody says otherwise, a page has one beside this service: its unit's editor."""

    def __init__(self) -> None:
        self._pages: dict[str, dict[str, PagePerson]] = {}
        self._names: dict[str, str] = {}

    def of(self, page: str, access: str | None = None) -> list[PagePerson]:
        """Those of a page."""
        return [each for each in self._on(page).values() if access in {None, each.access}]

    def assign(self, page: str, person: str, tasks: Sequence[str]) -> None:
        """Give somebody of the portfolio these tasks in place of what they had."""
        name = self._names.get(person, f"Bruker {person}")
        self._on(page)[person] = PagePerson(id=person, name=name, tasks=list(tasks))

    def remove(self, page: str, person: str) -> None:
        """Take all tasks from somebody."""
        self._names[person] = self._on(page).pop(person).name

    def put(self, page: str, people: Any) -> None:
        """Let exactly these have access. Raises :class:`ValueError`."""
        held = _PEOPLE.validate_python(people)
        self._pages[page] = {each.id: each for each in held}
        self._names |= {each.id: each.name for each in held}

    def clear(self) -> None:
        """As it is until somebody says otherwise."""
        self._pages.clear()
        self._names.clear()

    def _on(self, page: str) -> dict[str, PagePerson]:
        if page not in self._pages:
            editor = PagePerson(id=f"7{page}", name="Enhetens redaktør", tasks=["CREATE_CONTENT", "MODERATE"])
            self._pages[page] = {editor.id: editor}
        return self._pages[page]


def tasks_in(given: Any) -> list[str] | None:
    """Tasks as a request names them; nothing where there is none or one that does not exist."""
    try:
        tasks = orjson.loads(given) if isinstance(given, str) else given
    except orjson.JSONDecodeError:
        tasks = [part.strip() for part in str(given).strip("[]'\"").split(",")]
    good = isinstance(tasks, list) and bool(tasks) and all(isinstance(each, str) and each in TASKS for each in tasks)
    return tasks if good else None
