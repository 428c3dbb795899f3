"""Contents of attachments, as files under generated ids in the directory of the settings.

No name that a person gave is ever part of a path. A file is complete when it has its name, and it
is of use when there is a row that names it; what has none is thrown away by `clean_attachments`.
"""

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog

from gateway.context import Context
from gateway.settings import Settings
from ticketing.attachments.attachments import kept

# Nobody writes this long at a file before its row is there.
UNFINISHED = timedelta(hours=1)
BATCH = 1000
_PART = ".part"

log = structlog.get_logger(__name__)


class AttachmentFiles:
    """The directory of attachments."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @classmethod
    def of(cls, settings: Settings) -> "AttachmentFiles":
        """That of the settings."""
        return cls(settings.attachments_dir or settings.var_dir / "attachments")

    def path(self, attachment_id: UUID) -> Path:
        """Where a content is."""
        name = attachment_id.hex
        return self._directory / name[:2] / name

    async def write(self, attachment_id: UUID, content: bytes) -> None:
        """Keep a content, on the disk when this returns; raises `OSError`."""
        await asyncio.to_thread(self._write, self.path(attachment_id), content)

    async def remove(self, attachment_id: UUID) -> None:
        """Throw a content away, if it is there; raises `OSError`."""
        await asyncio.to_thread(self.path(attachment_id).unlink, missing_ok=True)

    async def is_there(self, attachment_id: UUID) -> bool:
        """Whether the content can be read."""
        return await asyncio.to_thread(self.path(attachment_id).is_file)

    async def older_than(self, moment: datetime) -> list[Path]:
        """Files, complete or not, that were last written before ``moment``."""
        return await asyncio.to_thread(lambda: list(self._older(moment)))

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(_PART)
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)

    def _older(self, moment: datetime) -> Iterator[Path]:
        for path in self._directory.glob("??/*"):
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < moment:
                yield path


async def clean_attachments(context: Context) -> int:
    """Throw away files that no case has, written longer ago than `UNFINISHED`; how many.

    Left by a process that died between file and row, and by attachments that were removed.
    """
    files = AttachmentFiles.of(context.settings)
    old = await files.older_than(context.clock() - UNFINISHED)
    thrown_away = 0
    for start in range(0, len(old), BATCH):
        batch = {path: _id_of(path) for path in old[start : start + BATCH]}
        async with context.engines.pool.acquire() as connection:
            of_cases = await kept(connection, {each for each in batch.values() if each})
        for path, attachment_id in batch.items():
            if attachment_id not in of_cases:
                await asyncio.to_thread(path.unlink, missing_ok=True)
                thrown_away += 1
    if thrown_away:
        log.info("attachments_cleaned", files=thrown_away)
    return thrown_away


def _id_of(path: Path) -> UUID | None:
    """The id that a file is named by; none for one that was never completed."""
    try:
        return UUID(hex=path.name)
    except ValueError:
        return None
