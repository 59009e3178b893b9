"""Received: a file that somebody sent with a form, on disk for as long as it is read, under a name that can go on record."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.datastructures import UploadFile

NAME_MOST = 80  # characters of the file's name, which goes on record
_NOT_IN_A_NAME = re.compile(r"[^\w.-]|^\.+")


@asynccontextmanager
async def received(file: UploadFile) -> AsyncIterator[Path]:
    """Where it lies. It is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="crisis-") as folder:
        source = Path(folder) / _NOT_IN_A_NAME.sub("_", file.filename or "file")[-NAME_MOST:]
        with source.open("wb") as copy:
            await asyncio.to_thread(shutil.copyfileobj, file.file, copy)
        await file.close()
        yield source
