"""What the operator is told at the end."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.queue_log_import.counts import Trouble
from gateway.queue_log_import.importing import SourceReport

_ZONE = ZoneInfo("Asia/Shanghai")


def told(reports: Sequence[SourceReport], *, dry_run: bool) -> str:
    """The report, lines of text."""
    return "\n".join(_lines(reports, dry_run=dry_run)) + "\n"


def _lines(reports: Sequence[SourceReport], *, dry_run: bool) -> Iterator[str]:
    calls: Counter[str] = Counter()
    unused: Counter[str] = Counter()
    for report in reports:
        yield f"{report.name}: {_extent(report)}"
        calls.update(report.counts.calls)
        unused.update(report.counts.unused)
    yield f"calls: {calls.total():,}" + _by_name(calls)
    if dry_run:
        yield "stored now: nothing (dry run)"
    else:
        yield f"stored now: {_stored(reports)}"
    yield f"seat states: {sum(report.counts.stretches for report in reports):,}"
    if unseen := sum(report.unseen for report in reports):
        yield f"without an end when the log ended, closed as unseen: {unseen:,}"
    if still_up := sum(report.still_up for report in reports):
        yield f"perhaps still up, left for the next import: {still_up:,}"
    yield from _troubles("could not be read", reports, "unreadable")
    yield from _troubles("not used", reports, "unplaced")
    if unused:
        yield f"events without use here:{_by_name(unused)}"


def _extent(report: SourceReport) -> str:
    counts = report.counts
    remark = f"; {report.remark}" if report.remark else ""
    if not counts.lines:
        return f"no line could be read{remark}"
    text = f"{counts.lines:,} lines, {_time(counts.first_at)} to {_time(counts.last_at)}"
    if report.earlier == counts.numbered:
        return f"{text}; imported earlier, nothing new{remark}"
    if report.earlier:
        text += f"; line {report.earlier + 1:,} and on, the others were imported earlier"
    return text + remark


def _stored(reports: Sequence[SourceReport]) -> str:
    added = sum(report.stored.added for report in reports)
    completed = sum(report.stored.completed for report in reports)
    return f"{added:,} new, {completed:,} of which the end was not known before"


def _troubles(what: str, reports: Sequence[SourceReport], kind: str) -> Iterator[str]:
    for report in reports:
        troubles: Mapping[str, Trouble] = getattr(report.counts, kind)
        for reason, trouble in sorted(troubles.items()):
            more = ", …" if trouble.count > len(trouble.first) else ""
            numbers = ", ".join(str(number) for number in trouble.first) + more
            lines = "line" if trouble.count == 1 else "lines"
            yield f"{what}: {report.name}: {trouble.count:,} {lines}, {reason} ({numbers})"


def _by_name(counter: Counter[str]) -> str:
    parts = (f" {name} {count:,}" for name, count in counter.most_common())
    return f" ({','.join(parts).strip()})" if counter else ""


def _time(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, _ZONE).strftime("%Y-%m-%d %H:%M")
