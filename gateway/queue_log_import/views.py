"""How far the import is: a bar on a terminal, now and then a line elsewhere."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from gateway.queue_log_import.importing import ProgressView
from gateway.queue_log_import.source import Source

LINE_EVERY_S = 10.0


@contextmanager
def progress_view(sources: Sequence[Source]) -> Iterator[ProgressView]:
    """On standard error."""
    total = sum(source.size for source in sources)
    if not sys.stderr.isatty():
        yield _Lines(total)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[lines]:,} lines"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield _Bar(progress, total)


class _Whole:
    """Adds up what was read of each source."""

    def __init__(self, total: int) -> None:
        self._total = max(1, total)
        self._done: dict[str, int] = {}

    def begin(self, source: Source) -> None:
        self._done[source.identity] = 0

    def _count(self, source: Source, done: int) -> int:
        self._done[source.identity] = done
        return sum(self._done.values())


class _Bar(_Whole):
    def __init__(self, progress: Progress, total: int) -> None:
        super().__init__(total)
        self._progress = progress
        self._task = progress.add_task("", total=self._total, lines=0)

    def begin(self, source: Source) -> None:
        super().begin(source)
        self._progress.update(self._task, description=source.name, lines=0)

    def advance(self, source: Source, done: int, lines: int) -> None:
        self._progress.update(self._task, completed=self._count(source, done), lines=lines)


class _Lines(_Whole):
    def __init__(self, total: int) -> None:
        super().__init__(total)
        self._told_at = time.monotonic()

    def advance(self, source: Source, done: int, lines: int) -> None:
        percent = 100 * self._count(source, done) // self._total
        if time.monotonic() - self._told_at >= LINE_EVERY_S:
            self._told_at = time.monotonic()
            sys.stderr.write(f"{source.name}: {lines:,} lines, {percent} % of all\n")
