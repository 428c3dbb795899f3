"""Asterisk's channel event log as ``cel_custom`` writes it: CSV, every field quoted.

A record is a line, unless a caller put line breaks into his number (escaped in a SIP user part);
every quotation mark of his is doubled, so that none of his lines looks like the first of a record.
"""

import csv
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from types import MappingProxyType
from typing import NamedTuple

FIELDS = (
    "eventenum", "userdeftype", "eventtime", "name", "num", "ani", "dnid", "exten", "context",
    "channame", "appname", "appdata", "uniqueid", "linkedid", "peer", "eventextra",
)  # fmt: skip
_FIRST_LINE = re.compile(r'"[A-Z_]+",')
_BETWEEN = '","'
_NEEDED = frozenset(
    {"eventenum", "eventtime", "exten", "context", "channame", "uniqueid", "linkedid", "eventextra"}
)


class CelEvent(NamedTuple):
    """One record. ``name`` is the event (``CHAN_START``), or a ``USER_DEFINED`` one's own name."""

    name: str
    at: float
    number: str
    exten: str
    context: str
    channel: str
    app: str
    app_data: str
    uniqueid: str
    linkedid: str
    extra: Mapping[str, object]


@dataclass(slots=True)
class ReadEvents:
    """Events that could be read, and the numbers (from 1) of the records that could not."""

    events: list[CelEvent] = field(default_factory=list)
    bad: list[int] = field(default_factory=list)


def read_events(lines: Iterable[str], fields: Sequence[str] = FIELDS) -> ReadEvents:
    """As `parse_events`, all at once."""
    result = ReadEvents()
    result.events = list(parse_events(lines, fields, result.bad.append))
    return result


def parse_events(
    lines: Iterable[str],
    fields: Sequence[str] = FIELDS,
    on_bad: Callable[[int], None] = lambda _number: None,
    names: Collection[str] = (),
) -> Iterator[CelEvent]:
    """Read CEL lines whose columns are ``fields``; bad ones are told by number, never fatal.

    ``eventtime`` is epoch seconds, as Asterisk writes it while cel.conf sets no ``dateformat``.
    With ``names`` only events that are called so are read. Raises `ValueError` when ``fields`` lack
    a column that is needed.
    """
    if missing := _NEEDED - set(fields):
        raise ValueError(f"the CEL columns lack {', '.join(sorted(missing))}")
    columns = _Columns.of(fields)
    wanted = {f'"{name}"' for name in names}
    own = bool(wanted) and columns.eventenum == 0
    # A torn record must not eat the next one, so each is its own CSV document.
    for number, record in enumerate(_records(lines), 1):
        if own and (name := record.partition(",")[0]) not in wanted and name != _OWN:
            continue
        try:
            event = columns.event(_values(record, columns.count))
        except (csv.Error, StopIteration, ValueError):
            on_bad(number)
            continue
        if not names or event.name in names:
            yield event


_OWN = '"USER_DEFINED"'


def _records(lines: Iterable[str]) -> Iterator[str]:
    """Lines that belong together, joined again; a blank line alone is no record.

    A line with an odd number of quotation marks ends within a field: others follow.
    """
    record: list[str] = []
    for line in lines:
        if record and not _FIRST_LINE.match(line):
            record.append(line)
            continue
        if record:
            yield "\n".join(record)
            record = []
        if line.count('"') % 2:
            record.append(line)
        elif line and not line.isspace():
            yield line
    if record:
        yield "\n".join(record).rstrip("\n")


def _values(record: str, count: int) -> list[str]:
    """The fields. Cutting is twice as quick as `csv`, which reads whatever has quotes in it.

    The last field may have some (it is JSON): a first cut too early leaves one in those before.
    Raises `csv.Error` and `StopIteration`.
    """
    values = record[1:-1].split(_BETWEEN, count - 1)
    last = values[-1]
    before = len(record) - 1 - len(last)
    plain = len(values) == count and record.count('"', 0, before) == 2 * count - 1
    if plain and record[0] == record[-1] == '"':
        if '"' not in last:
            return values
        if '"' not in last.replace('""', ""):
            values[-1] = last.replace('""', '"')
            return values
    return next(csv.reader([record], strict=True))


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where each value is; -1 for a column that is not there."""

    count: int
    eventenum: int
    userdeftype: int
    eventtime: int
    num: int
    exten: int
    context: int
    channame: int
    appname: int
    appdata: int
    uniqueid: int
    linkedid: int
    eventextra: int

    @classmethod
    def of(cls, names: Sequence[str]) -> "_Columns":
        places = {name: place for place, name in enumerate(names)}
        return cls(len(names), *(places.get(own.name, -1) for own in dataclass_fields(cls)[1:]))

    def event(self, row: list[str]) -> CelEvent:
        """Raises `ValueError`."""
        if len(row) != self.count:
            raise ValueError("not as many values as columns")
        row.append("")  # what a missing column has
        name = row[self.eventenum]
        if name == "USER_DEFINED":
            name = row[self.userdeftype] or name
        extra = json.loads(row[self.eventextra]) if row[self.eventextra] else _NOTHING
        return CelEvent(
            name,
            float(row[self.eventtime]),
            row[self.num],
            row[self.exten],
            row[self.context],
            row[self.channame],
            row[self.appname],
            row[self.appdata],
            row[self.uniqueid],
            row[self.linkedid],
            extra if isinstance(extra, dict) else _NOTHING,
        )


_NOTHING: Mapping[str, object] = MappingProxyType({})
