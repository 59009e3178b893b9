"""Typeset: a document as a tagged PDF (PDF/UA-1), with the fonts that come with the typesetter, so that it looks the same everywhere."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Final

import typst

from crisis.drills.report.document import Document
from crisis.errors import Unready

TEMPLATE: Final = Path("report/report.typ")
STANDARD: Final = "ua-1"


async def pdf(document: Document, templates_dir: Path, made_at: datetime) -> bytes:
    """The document as a PDF. Some tenths of a second of a thread's time. Raises :class:`crisis.errors.Unready`."""
    return await asyncio.to_thread(_set, document, templates_dir, made_at)


def _set(document: Document, templates_dir: Path, made_at: datetime) -> bytes:
    path = templates_dir / TEMPLATE
    try:
        made = typst.compile(
            path.read_bytes(),
            format="pdf",
            pdf_standards=STANDARD,
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(document.data(), ensure_ascii=False)},
            timestamp=int(made_at.timestamp()),
        )
    except OSError as error:
        raise Unready(
            f"The report cannot be set: {path} cannot be read ({error.strerror}). Check CRISIS_TEMPLATES_DIR."
        ) from error
    except typst.TypstError as error:
        raise Unready(
            f"The report cannot be set as a PDF: {error.message}. The same report can be read and printed as a page."
        ) from error
    assert isinstance(made, bytes)  # noqa: S101 - one file, since it is a PDF
    return made
