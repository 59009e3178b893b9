"""Loading a list as an editor does, and looking at what came of it."""

import io
from pathlib import Path

import pytest
from sqlalchemy import text

from crisis.audiences.importer import ImportReport, import_recipients
from crisis.db import Database
from crisis.errors import Invalid
from crisis.roles import Actor
from crisis.sealing import Sealer
from crisis.settings import Settings


class Importer:
    """Imports bytes, texts, files and streams; keeps what was rejected and how far it came."""

    def __init__(self, db: Database, actor: Actor, settings: Settings) -> None:
        self._db, self.actor, self.settings = db, actor, settings
        self.sealer = Sealer(settings.numbers_key, purpose="numbers")
        self.rejected: list[tuple[int, str]] = []
        self.progress: list[tuple[int, int]] = []

    async def __call__(
        self, source: str | bytes | Path | io.RawIOBase, name: str = "Alle", *, replace: bool = False, **changed: int
    ) -> ImportReport:
        self.rejected.clear()
        self.progress.clear()
        content = bytes(source, "utf-8") if isinstance(source, str) else source
        return await import_recipients(
            self._db,
            self.actor,
            name,
            io.BytesIO(content) if isinstance(content, bytes) else content,  # type: ignore[arg-type]
            sealer=self.sealer,
            settings=self.settings.model_copy(update=changed),
            replace=replace,
            on_progress=lambda *far: self.progress.append(far),
            on_rejected=lambda *line: self.rejected.append(line),
        )

    async def numbers(self, name: str = "Alle") -> dict[str, str | None]:
        """The opened numbers of an audience, with their languages."""
        rows = text(
            "SELECT r.number, r.fingerprint, r.last_two, r.language FROM recipients r "
            "JOIN memberships m ON m.recipient_id = r.id JOIN audiences a ON a.id = m.audience_id WHERE a.name = :name"
        )
        async with self._db.transaction() as session:
            found = (await session.execute(rows, {"name": name})).all()
        opened = {self.sealer.open(row.number, row.fingerprint): row for row in found}
        assert all(number.endswith(row.last_two) for number, row in opened.items())
        return {number: row.language for number, row in opened.items()}

    async def refused(self, source: str | bytes | Path | io.RawIOBase, **changed: int) -> str:
        """The reason a file was refused, after looking that nothing was done."""
        with pytest.raises(Invalid) as raised:
            await self(source, "Alle", replace=False, **changed)
        async with self._db.transaction() as session:
            for table in ("audiences", "recipients", "memberships", "audit"):
                assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0
        return str(raised.value)
