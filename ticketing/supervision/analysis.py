"""Monthly analysis (月分析): counts by class, department and district beside the month before."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self

from ticketing.supervision.periods import Period
from ticketing.supervision.queries import QUERIES


class Axis(StrEnum):
    """By what the cases of a month are told apart."""

    CLASS = "class"  # 大类
    DEPARTMENT = "department"  # 主办部门
    DISTRICT = "district"  # 区县; departments of the city itself stand alone


class Figure(StrEnum):
    """What is counted; each has a numerator and a denominator.

    ``opened``: cases opened / all opened in the month. ``signed_in_time``, ``closed_in_time``:
    before the deadline / signed or closed in the month with a deadline. ``returned``: dispatches of
    the month that were asked to be taken back in it / dispatches. ``rehandled``: closings of the
    month that were opened again in it / closings.
    """

    OPENED = "opened"  # 受理量占比
    SIGNED_IN_TIME = "signed_in_time"  # 按时签收率
    CLOSED_IN_TIME = "closed_in_time"  # 按时办结率
    RETURNED = "returned"  # 退单率
    REHANDLED = "rehandled"  # 重办率


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A figure of one class, department or district, and the same of the month before.

    ``code`` and ``name`` are empty for cases without one.
    """

    axis: Axis
    code: str
    name: str
    figure: Figure
    numerator: int
    denominator: int
    numerator_before: int
    denominator_before: int

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `month_counts` or `figures_of_list`."""
        return cls(**{**row, "axis": Axis(row["axis"]), "figure": Figure(row["figure"])})

    @property
    def rate(self) -> float | None:
        """Of the month; ``None`` (no data) over a denominator of zero."""
        return _rate(self.numerator, self.denominator)

    @property
    def rate_before(self) -> float | None:
        """Of the month before."""
        return _rate(self.numerator_before, self.denominator_before)

    @property
    def moved(self) -> float | None:
        """By how much the rate moved; ``None`` unless both months have data."""
        now, before = self.rate, self.rate_before
        return None if now is None or before is None else now - before


def _rate(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None


def with_shares(counts: Iterable[Count]) -> list[Count]:
    """The counts with those of opened cases made shares: of all that were opened in the month."""
    counts = list(counts)
    now: dict[Axis, int] = defaultdict(int)
    before: dict[Axis, int] = defaultdict(int)
    for count in counts:
        if count.figure is Figure.OPENED:
            now[count.axis] += count.numerator
            before[count.axis] += count.numerator_before
    return [
        replace(count, denominator=now[count.axis], denominator_before=before[count.axis])
        if count.figure is Figure.OPENED
        else count
        for count in counts
    ]


async def store_analysis(conn: Any, list_id: int, month: Period) -> None:
    """Count a month and the one before, and keep it with the list."""
    start, until = month.bounds
    rows = QUERIES.month_counts(conn, before_start=month.before.bounds[0], start=start, until=until)
    counts = with_shares([Count.from_row(row) async for row in rows])
    if counts:
        await QUERIES.insert_figures(conn, [{"list_id": list_id, **asdict(it)} for it in counts])


async def analysis_of(conn: Any, list_id: int) -> list[Count]:
    """The counts of a month's list, as they were when it was made."""
    return [Count.from_row(row) async for row in QUERIES.figures_of_list(conn, list_id=list_id)]
