"""Figures of calls, split by line, by its mode and by district, for the board and the API."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from gateway.http.endpoint import Answer
from gateway.http.rates import RateAnswer, rate_answer
from gateway.live_state import WAITING, Fields
from metrics import rates
from metrics.calls import CallGroup, split
from metrics.counts import CallCounts

UNDEFINED = "undefined"  # as a mode: of a line that nobody had defined when the call arrived


class SplitRow(Answer):
    """Calls of one line, mode or district; ``key`` is empty for a call without any.

    ``name`` is the line's, empty where it has none. ``waiting`` is how many wait now.
    """

    key: str
    name: str
    arrived: int
    offered: int
    answered: int
    answered_15s: int
    abandoned_queue: int
    waiting: int
    connection_rate: RateAnswer
    rate_15s_of_offered: RateAnswer


class Splits(Answer):
    """The same calls, split three ways; the most offered first."""

    by_line: list[SplitRow]
    by_mode: list[SplitRow]
    by_district: list[SplitRow]


def splits(
    groups: Mapping[CallGroup, CallCounts], names: Mapping[str, str], live: Iterable[Fields] = ()
) -> Splits:
    """Split counted calls, and the ``live`` ones that wait; ``names`` are those of lines."""
    waiting = [call for call in live if call["event"] in WAITING]
    return Splits(
        by_line=_rows(
            split(groups, lambda group: group.line),
            Counter(str(call["line"]) for call in waiting),
            lambda line: names.get(line, ""),
        ),
        by_mode=_rows(
            split(groups, lambda group: group.line_mode or UNDEFINED),
            Counter(str(call["line_mode"] or UNDEFINED) for call in waiting),
        ),
        by_district=_rows(
            split(groups, lambda group: group.district),
            Counter(str(call["district"]) for call in waiting),
        ),
    )


def _rows(
    counted: Mapping[str, CallCounts],
    waiting: Mapping[str, int],
    name_of: Callable[[str], str] = lambda _key: "",
) -> list[SplitRow]:
    none = CallCounts()  # what is counted may have moved elsewhere when calls were mended
    rows = [
        _row(key, name_of(key), counted.get(key, none), waiting.get(key, 0))
        for key in counted.keys() | waiting.keys()
        if waiting.get(key) or counted.get(key, none).arrived
    ]
    return sorted(rows, key=lambda row: (-row.offered, -row.arrived, row.key))


def _row(key: str, name: str, counts: CallCounts, waiting: int) -> SplitRow:
    return SplitRow(
        key=key,
        name=name,
        arrived=counts.arrived,
        offered=counts.offered,
        answered=counts.answered,
        answered_15s=counts.answered_15s,
        abandoned_queue=counts.abandoned_queue,
        waiting=waiting,
        connection_rate=rate_answer(rates.connection_rate(counts)),
        rate_15s_of_offered=rate_answer(rates.rate_15s_of_offered(counts)),
    )
