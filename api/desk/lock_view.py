"""The lock board as it is looked at: a page of it, narrowed down, as values that are equal for as long as nothing changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, Self
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from api.desk.live import Look
from api.desk.pages import Renderer
from api.desk.visit import Visit
from crisis.accounts.locks import LockState
from crisis.activations import service as activations
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.locks import board
from crisis.locks.board import Board, Coverage, Row
from crisis.locks.evidence import Act as Where
from crisis.locks.evidence import Evidence, Need
from crisis.locks.reading import Around
from crisis.mode import Mode
from crisis.roles import Act
from crisis.tongue import locks as words
from crisis.tongue import times

PAGE: Final = "lock-board"
SHOWN: Final = 40
"""Accounts on one page."""
NEEDING: Final = "needing"
"""Beside the states: those that need a person, whatever their state."""
SIGNS: Final[Mapping[LockState, str]] = {
    LockState.BREACHED: "▲",
    LockState.NOT_ENFORCEABLE: "▲",
    LockState.INSTRUCTED: "◔",
    LockState.ACKNOWLEDGED: "◑",
    LockState.HELD: "■",
    LockState.ACCESS_REVOKED: "■",
    LockState.RESTORED: "○",
    LockState.OPEN: "○",
}
"""Beside the word, and never instead of it."""


class Language(Protocol):
    """Whoever says texts in a language that is known: a visit, or the renderer of one."""

    @property
    def language(self) -> str:
        """Which."""

    def gettext(self, text: str, /, **values: object) -> str:
        """A text in it."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What of the board somebody looks at."""

    unit: str | None = None
    state: str | None = None
    """A state's word, or :data:`NEEDING`."""
    page: int = 1

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Self:
        """By an address. What is not known of it narrows nothing."""
        state, page = asked.get("state"), asked.get("page", "")
        is_number = page.isascii() and page.isdigit() and len(page) < 5  # noqa: PLR2004 - no board has more
        known = {NEEDING, *(each.value for each in LockState)}
        return cls(asked.get("unit") or None, state if state in known else None, max(1, int(page)) if is_number else 1)

    def query(self, **other: object) -> str:
        """As it stands behind an address, with something else in it."""
        said = {"unit": self.unit, "state": self.state, "page": self.page if self.page > 1 else None} | other
        return urlencode({name: value for name, value in said.items() if value})


@dataclass(frozen=True, slots=True)
class View:
    """One page of the board: values alone, so that what is equal looks the same."""

    activation_id: int
    mode: Mode
    state: ActivationState
    title: str
    narrowing: Narrowing
    totals: tuple[tuple[LockState, int], ...]
    """Of every account."""
    needing: int
    total: int
    coverage: Coverage
    units: tuple[str, ...]
    rows: tuple[Row, ...]
    """Of this page."""
    found: int
    """How many there are of what is looked at."""

    @property
    def is_over(self) -> bool:
        """The activation is stood down."""
        return self.state is ActivationState.STOOD_DOWN

    @property
    def pages(self) -> int:
        """How many there are of what is looked at."""
        return max(1, -(-self.found // SHOWN))

    @classmethod
    def of(cls, found: Board, narrowing: Narrowing) -> Self:
        """A page of the board."""
        activation = found.activation
        is_need = narrowing.state == NEEDING
        state = LockState(narrowing.state) if narrowing.state and not is_need else None
        rows = found.of(narrowing.unit, state, needing=is_need)
        begin = (narrowing.page - 1) * SHOWN
        return cls(
            activation.id,
            activation.mode,
            activation.state,
            activation.title,
            narrowing,
            tuple(found.totals.items()),
            len(found.needing),
            len(found.rows),
            found.coverage,
            tuple(found.units),
            tuple(rows[begin : begin + SHOWN]),
            len(rows),
        )


@dataclass(frozen=True, slots=True)
class LockTopic:
    """One page of one activation's lock board, for whoever watches it."""

    activation_id: int
    mode: Mode
    narrowing: Narrowing
    act: Act = Act.READ_CRISIS

    async def read(self, look: Look) -> View:
        """How it stands now: read once, whatever parts of it are looked at."""

        async def read() -> Board:
            activation = await activations.get(look.session, self.activation_id)
            return await board.read(look.session, activation, Around(look.crisis.settings, look.crisis.capabilities))

        return View.of(await look.once((LockTopic, self.activation_id), read), self.narrowing)

    def fragments(self, found: View, render: Renderer) -> Mapping[str, str]:
        """The one block that changes."""
        return {"standing": render(PAGE, "standing", **context(found, render))}


@dataclass(frozen=True, slots=True)
class Shown:
    """What other pages show of one account's proof while an activation is in force."""

    state: LockState
    words: str
    sign: str
    at: datetime | None
    needs: tuple[str, ...]
    """What somebody must do, in sentences."""
    evidence: tuple[str, ...]


async def shown(
    visit: Visit, session: AsyncSession, activation: Activation | None, unit: str | None = None
) -> Mapping[int, Shown]:
    """``{account: what is shown of it}``, of every account or of one unit's; empty where no activation is in force."""
    if activation is None:
        return {}
    around = Around(visit.crisis.settings, visit.crisis.capabilities)
    found = await board.read(session, activation, around, unit=unit)

    def when(at: datetime) -> str:
        return times.moment(at, visit.language)

    return {
        row.outlet.id: Shown(
            row.proof.state,
            words.state(visit, row.proof.state),
            SIGNS[row.proof.state],
            row.proof.at,
            tuple(words.need(visit, each, when) for each in row.proof.needs),
            tuple(words.evidence(visit, each, when) for each in row.proof.evidence),
        )
        for row in found.rows
    }


def context(view: View, tongue: Language) -> dict[str, Any]:
    """What the block is rendered from. ``tongue``: a visit, or the renderer of a language."""

    def when(at: datetime) -> str:
        return times.moment(at, tongue.language)

    def evidence(each: Evidence) -> str:
        return words.evidence(tongue, each, when)

    def need(each: Need) -> str:
        return words.need(tongue, each, when)

    def state(each: LockState) -> str:
        return words.state(tongue, each, is_over=view.is_over)

    return {
        "view": view,
        "mode": view.mode,
        "evidence": evidence,
        "need": need,
        "state_words": state,
        "about": words.ABOUT,
        "signs": SIGNS,
        "Where": Where,
        "NEEDING": NEEDING,
        "here": f"/activations/{view.activation_id}/lock-board",
    }
