"""Subject: what a report, a remark or an improvement is about: a drill, or an activation that was none."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import service as activations
from crisis.drills.models import Drill, Improvement, Remark
from crisis.errors import NotFound
from crisis.mode import Mode


@dataclass(frozen=True, slots=True)
class Subject:
    """One of the two."""

    drill_id: int | None = None
    activation_id: int | None = None

    @property
    def name(self) -> str:
        """As the audit log has it."""
        return f"drill:{self.drill_id}" if self.drill_id is not None else f"activation:{self.activation_id}"

    @property
    def path(self) -> str:
        """The address of its pages."""
        return f"/drills/{self.drill_id}" if self.drill_id is not None else f"/activations/{self.activation_id}"

    def of(self, table: type[Remark] | type[Improvement]) -> ColumnElement[bool]:
        """The rows about it."""
        if self.drill_id is not None:
            return table.drill_id == self.drill_id
        return table.activation_id == self.activation_id


async def mode_of(session: AsyncSession, subject: Subject) -> Mode:
    """Whose world it was. Raises :class:`NotFound` where there is no such thing."""
    if subject.drill_id is None:
        return (await activations.get(session, subject.activation_id or 0)).mode
    if await session.get(Drill, subject.drill_id) is None:
        raise NotFound("drill", subject.drill_id)
    return Mode.EXERCISE
