"""Recordings of calls (录音), as the switchboard wrote them: the files are the truth.

The dialplan records who calls and the agents he is connected with into one file,
``<day>/<seconds>.<number>.wav`` below the switchboard's directory. The name follows from the call's
Uniqueid alone, and the day (UTC) from the name: whatever else lies there is none of ours.
"""

import asyncio
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path, PurePath
from typing import Self

from deploy.embedded.asterisk_home import recordings_directory
from gateway.errors import GatewayError
from gateway.settings import Settings
from gateway.switchboards import local_directory

MEDIA_TYPE = "audio/wav"
# format_wav.c: linear, 16 bit, mono, 8 kHz behind a header of 44 bytes, written when it is opened.
HEADER_BYTES = 44
BYTES_PER_S = 16_000
LOOK_TIMEOUT_S = 2.0

# ast_channel_alloc: "[<system name>-]<epoch seconds>.<number>"; ten digits until the year 2286.
_UNIQUEID = re.compile(r"(?:[0-9A-Za-z_-]{1,64}-)?([1-9][0-9]{9})\.([0-9]{1,10})", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_FILE = re.compile(r"[1-9][0-9]{9}\.[0-9]{1,10}\.wav", re.ASCII)


class RecordingsAwayError(GatewayError):
    """The directory of recordings cannot be read, or does not answer in time."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A file with sound in it, and how long that lasts."""

    path: Path
    duration_s: float


def recording_name(uniqueid: str) -> PurePath | None:
    """Where the recording of a channel is below the directory; none of a Uniqueid of our own."""
    if (match := _UNIQUEID.fullmatch(uniqueid)) is None:
        return None
    born, number = match.groups()
    day = datetime.fromtimestamp(int(born), UTC).date()
    return PurePath(day.isoformat(), f"{born}.{number}.wav")


def directory_of(settings: Settings) -> Path | None:
    """The recordings of one switchboard, whose settings these are; none where none are known."""
    if settings.recordings_dir is not None:
        return settings.recordings_dir
    if settings.ami_url is not None or settings.production:
        return None
    return recordings_directory(local_directory(settings))


class Recordings:
    """The recordings of every switchboard."""

    def __init__(self, directories: Mapping[str, Path]) -> None:
        self._directories = dict(directories)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of the settings."""
        found = {each.switchboard: directory_of(each) for each in settings.of_each()}
        return cls({name: path for name, path in found.items() if path is not None})

    async def find(self, switchboard: str, uniqueid: str) -> Recording | None:
        """The recording of a call, if there is one with sound; raises `RecordingsAwayError`."""
        directory, name = self._directories.get(switchboard), recording_name(uniqueid)
        if directory is None or name is None:
            return None
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_S):
                return await asyncio.to_thread(_look, directory / name)
        except (OSError, TimeoutError) as error:
            raise RecordingsAwayError(type(error).__name__) from None


def _look(path: Path) -> Recording | None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    sound = status.st_size - HEADER_BYTES  # nothing of who gave up, or was refused
    if not stat.S_ISREG(status.st_mode) or sound <= 0:
        return None
    return Recording(path, sound / BYTES_PER_S)


def remove_before(directory: Path, first_kept: date, *, limit: int) -> int:
    """Remove up to ``limit`` recordings of days before ``first_kept``; how many. Raises `OSError`.

    Days that are empty then are removed too. What is not named as a recording stays.
    """
    removed = 0
    for day in _days_before(directory, first_kept):
        for file in islice(_recordings_in(day), limit - removed):
            file.unlink(missing_ok=True)
            removed += 1
        if removed >= limit:
            break
        if not any(day.iterdir()):
            day.rmdir()
    return removed


def _days_before(directory: Path, first_kept: date) -> Iterable[Path]:
    days = [one for one in directory.iterdir() if _DAY.fullmatch(one.name)]
    old = [one for one in days if one.name < first_kept.isoformat()]
    return sorted(one for one in old if one.is_dir() and not one.is_symlink())


def _recordings_in(day: Path) -> Iterator[Path]:
    names = [one for one in day.iterdir() if _FILE.fullmatch(one.name)]
    return (one for one in names if not one.is_symlink())
