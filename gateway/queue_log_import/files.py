"""``queue_log`` files: found, told apart, put in order of time, and read in blocks.

Asterisk numbers rotated files upwards, downwards or by time (``rotatestrategy`` in logger.conf) and
logrotate has its own ways, so the order is that of the first line in each.
"""

import asyncio
import bz2
import glob
import gzip
import hashlib
import io
import lzma
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from gateway.queue_log_import.errors import QueueLogImportError
from gateway.queue_log_import.source import FUTURE_S, Chunk, Place, checked, read_line
from telephony.queue_log import BadLineError, QueueLogLine, parse_line

BLOCK = 1 << 20
UNFINISHED = "a last line without its end left out"
DAMAGED = "what follows cannot be decompressed"
_BEGINNING = 4096
_PROBE = 1 << 16
_STEP = 1 << 16
_DAMAGE = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)


def find_files(patterns: Iterable[str], now: float) -> list["LogFile"]:
    """The files that paths and patterns name, in order of their first lines; without empty ones.

    Raises `QueueLogImportError` for a pattern without a file, a file that may not be read, one that
    is no queue_log, and one whose times lie in the future.
    """
    paths: dict[Path, None] = {}
    for pattern in patterns:
        found = [pattern] if Path(pattern).exists() else sorted(_glob(pattern))
        if not found:
            raise QueueLogImportError(f"there is no file {pattern}")
        paths |= dict.fromkeys(Path(one) for one in found)
    files = [file for path in paths if (file := _probed(path, now))]
    return sorted(files, key=lambda file: file.first_at)


def _glob(pattern: str) -> list[str]:
    return glob.glob(pattern)  # noqa: PTH207  # Path.glob takes no absolute patterns


def _probed(path: Path, now: float) -> "LogFile | None":
    try:
        with ExitStack() as stack:
            data = _opened(path, stack)[1].read(_PROBE)
        size = path.stat().st_size
    except _DAMAGE:
        raise QueueLogImportError(f"{path} cannot be decompressed") from None
    except OSError as error:
        raise QueueLogImportError(f"cannot read {path}: {error.strerror}") from None
    if b"\n" not in data and len(data) < _PROBE:
        return None  # nothing, or the beginning of a first line
    beginning = data[: data.rfind(b"\n", 0, _BEGINNING) + 1]
    return LogFile(path, digest(beginning), _first_time(path, data, now), size, now)


def _first_time(path: Path, data: bytes, now: float) -> float:
    """Of the first line that can be read; an unreadable beginning is no reason to refuse a file."""
    count = 0
    for count, text in enumerate(texts(data), 1):  # noqa: B007  # told below
        with suppress(BadLineError):
            line = parse_line(text)
            if line.at > now + FUTURE_S:
                raise QueueLogImportError(f"the times in {path} lie in the future")
            if isinstance(checked(line, now), QueueLogLine):
                return line.at
    raise QueueLogImportError(f"{path} is no queue_log: none of its first {count} lines is one")


class LogFile:
    """A queue_log file, plain or compressed (gzip, bzip2, xz); a `Source`.

    ``place`` counts uncompressed bytes, ``mark`` is a digest of those before it.
    """

    def __init__(self, path: Path, identity: str, first_at: float, size: int, now: float) -> None:
        self.name = path.name
        self.identity = identity
        self.first_at = first_at
        self.size = size
        self.remark = ""
        self._path = path
        self._now = now
        self._stack = ExitStack()

    async def go_to(self, place: Place | None) -> bool:
        """As in `Source`."""
        return await asyncio.to_thread(self._go_to, place or Place(0, digest(b"")))

    def _go_to(self, place: Place) -> bool:
        self._stack.close()
        self._raw, self._stream = _opened(self._path, self._stack)
        self._at, self._rest, self._over = place.place, b"", False
        before = min(place.place, _BEGINNING)
        try:
            self._stream.seek(place.place - before)
            self._tail = self._stream.read(before)
        except _DAMAGE:
            return False
        return digest(self._tail) == place.mark

    async def read(self) -> Chunk | None:
        """As in `Source`."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> Chunk | None:
        data = self._whole_lines()
        if not data:
            return None
        self._at += len(data)
        self._tail = (self._tail + data)[-_BEGINNING:]
        lines = [read_line(text, self._now) for text in texts(data)]
        return Chunk(lines, Place(self._at, digest(self._tail)), self._raw.tell())

    def _whole_lines(self) -> bytes:
        """Up to a line's end. One longer than a block is cut: no line of Asterisk's is so long."""
        while not self._over:
            data = self._rest + self._block()
            cut = data.rfind(b"\n") + 1 or (len(data) if len(data) >= BLOCK else 0)
            self._rest = data[cut:]
            if cut:
                return data[:cut]
        return b""

    def _block(self) -> bytes:
        """About a block, in small steps, so that damage costs no more than what it hits."""
        parts, size = list[bytes](), 0
        try:
            while size < BLOCK:
                part = self._stream.read1(_STEP)
                if not part:
                    self._over = True
                    self.remark = UNFINISHED if self._unended(parts) else ""
                    break
                parts.append(part)
                size += len(part)
        except _DAMAGE:
            self._over, self.remark = True, DAMAGED
        return b"".join(parts)

    def _unended(self, parts: list[bytes]) -> bool:
        last = parts[-1] if parts else self._rest
        return bool(last) and not last.endswith(b"\n")

    async def close(self) -> None:
        """As in `Source`."""
        self._stack.close()


def texts(data: bytes) -> Iterator[str]:
    """Lines without their ends; what is not UTF-8 is read as GB18030, China's own for long."""
    data = data.removesuffix(b"\n").replace(b"\0", b"")
    try:
        yield from data.decode().split("\n")
    except UnicodeDecodeError:
        for line in data.split(b"\n"):
            yield _text(line)


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("gb18030", "replace")


def digest(data: bytes) -> str:
    """What tells bytes apart."""
    return hashlib.sha256(data).hexdigest()


def _opened(path: Path, stack: ExitStack) -> tuple[io.BufferedIOBase, io.BufferedIOBase]:
    """The file and its uncompressed content, closed by ``stack``. Raises `OSError`."""
    raw = stack.enter_context(path.open("rb"))
    magic = raw.read(6)
    raw.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return raw, stack.enter_context(gzip.open(raw))
    if magic.startswith(b"BZh"):
        return raw, stack.enter_context(bz2.open(raw))
    if magic.startswith(b"\xfd7zXZ\0"):
        return raw, stack.enter_context(lzma.open(raw))
    return raw, raw
