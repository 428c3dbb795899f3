"""Asterisk's channel event log as ``cel_custom`` writes it: CSV, every field quoted.

A record is a line, unless a caller put line breaks into his number (escaped in a SIP user part);
every quotation mark of his is doubled, so that none of his lines looks like the first of a record.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

FIELDS = (
    "eventenum", "userdeftype", "eventtime", "name", "num", "ani", "dnid", "exten", "context",
    "channame", "appname", "appdata", "uniqueid", "linkedid", "peer", "eventextra",
)  # fmt: skip
_FIRST_LINE = re.compile(r'"[A-Z_]+",')
_NEEDED = frozenset(
    {"eventenum", "eventtime", "exten", "context", "channame", "uniqueid", "linkedid", "eventextra"}
)


@dataclass(frozen=True, slots=True)
class CelEvent:
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
    extra: dict[str, object]


@dataclass(slots=True)
class ReadEvents:
    """Events that could be read, and the numbers (from 1) of the records that could not."""

    events: list[CelEvent] = field(default_factory=list)
    bad: list[int] = field(default_factory=list)


def read_events(lines: Iterable[str], fields: Sequence[str] = FIELDS) -> ReadEvents:
    """Read CEL lines whose columns are ``fields``; bad ones are counted, never fatal.

    ``eventtime`` is epoch seconds, as Asterisk writes it while cel.conf sets no ``dateformat``.
    Raises `ValueError` when ``fields`` lack a column that is needed.
    """
    if missing := _NEEDED - set(fields):
        raise ValueError(f"the CEL columns lack {', '.join(sorted(missing))}")
    result = ReadEvents()
    # A torn record must not eat the next one, so each is its own CSV document.
    for number, record in enumerate(_records(lines), 1):
        try:
            values = next(csv.reader([record], strict=True))
            result.events.append(_event(dict(zip(fields, values, strict=True))))
        except (csv.Error, StopIteration, ValueError):
            result.bad.append(number)
    return result


def _records(lines: Iterable[str]) -> Iterator[str]:
    """Lines that belong together, joined again; a blank line alone is no record."""
    record: list[str] = []
    for line in lines:
        if record and _FIRST_LINE.match(line):
            yield "\n".join(record)
            record = []
        if record or line.strip():
            record.append(line)
    if record:
        yield "\n".join(record).rstrip("\n")


def _event(row: dict[str, str]) -> CelEvent:
    name = row["eventenum"]
    if name == "USER_DEFINED":
        name = row.get("userdeftype", "") or name
    extra = json.loads(row["eventextra"]) if row["eventextra"] else {}
    return CelEvent(
        name=name,
        at=float(row["eventtime"]),
        number=row.get("num", ""),
        exten=row["exten"],
        context=row["context"],
        channel=row["channame"],
        app=row.get("appname", ""),
        app_data=row.get("appdata", ""),
        uniqueid=row["uniqueid"],
        linkedid=row["linkedid"],
        extra=extra if isinstance(extra, dict) else {},
    )
