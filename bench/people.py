"""People: an audience of any size, read from a file by the product's own import."""

from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from crisis.audiences.importer import import_recipients
from crisis.bootstrap import Crisis
from tests import factories

MOST = 10_000_000
"""Numbers there are from +47 4000 0000."""
_ID = text("SELECT id FROM audiences WHERE name = :name")


def number_of(place: int) -> str:
    """The number of one of them, counted from 0."""
    return f"+474{place:07d}"


async def people(crisis: Crisis, count: int, name: str = "alle") -> int:
    """An audience of ``count`` made-up numbers; its id. Raises :class:`RuntimeError` when the import left one out."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{number_of(place)}\n" for place in range(count))
        report = await import_recipients(
            crisis.db,
            factories.OPERATOR,
            name,
            path,
            sealer=crisis.numbers,
            settings=crisis.settings,
            on_rejected=lambda _line, _reason: None,
        )
    if report.added != count:
        raise RuntimeError(f"Of {count:,} numbers, {report.added:,} were added.")
    async with crisis.db.transaction() as session:
        return int((await session.execute(_ID, {"name": name})).scalar_one())
