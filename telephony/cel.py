"""Asterisk's channel event log as ``cel_custom`` writes it: CSV, one channel event a line."""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

FIELDS = (
    "eventenum", "userdeftype", "eventtime", "name", "num", "ani", "dnid", "exten", "context",
    "channame", "appname", "appdata", "uniqueid", "linkedid", "peer", "eventextra",
)  # fmt: skip
_NEEDED = frozenset(
    {"eventenum", "eventtime", "exten", "context", "channame", "uniqueid", "linkedid", "eventextra"}
)


@dataclass(frozen=True, slots=True)
class CelEvent:
    """One line. ``name`` is the event (``CHAN_START``), or a ``USER_DEFINED`` one's own name."""

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
    """Events that could be read, and the numbers (from 1) of the lines that could not."""

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
    # One record a line: Asterisk strips line breaks from values, and a torn line must not eat the
    # next one, so each line is its own CSV document.
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = next(csv.reader([line], strict=True))
            result.events.append(_event(dict(zip(fields, values, strict=True))))
        except (csv.Error, StopIteration, ValueError):
            result.bad.append(number)
    return result


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
