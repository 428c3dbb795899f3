"""Which classes and sub-classes make up too large a share of the cases of a window. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class SurgeLevel(StrEnum):
    """What a warning is about."""

    CLASS = "class"  # 大类
    SUBCLASS = "subclass"  # 小类
    CLUSTER = "cluster"  # 同地同事


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryCount:
    """How many cases of a window are of a category; a sub-class has a ``parent_id``."""

    category_id: int
    parent_id: int | None
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A share above which there is a surge, in percent, and the fewest cases that make one."""

    class_percent: float
    subclass_percent: float
    min_cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """A category with more than its share: ``cases`` of ``total``."""

    level: SurgeLevel
    category_id: int
    cases: int
    total: int


def excesses(counts: Sequence[CategoryCount], total: int, limits: Limits) -> list[Excess]:
    """Categories above their limit, classes first, by id.

    ``total`` are all cases of the window, those without a category too. A class has the cases of
    all its sub-classes. Exactly the limit is not above it.
    """
    by_class: dict[int, int] = defaultdict(int)
    by_subclass: dict[int, int] = defaultdict(int)
    for count in counts:
        by_class[count.category_id if count.parent_id is None else count.parent_id] += count.cases
        if count.parent_id is not None:
            by_subclass[count.category_id] += count.cases
    looked_at = (
        (SurgeLevel.CLASS, by_class, limits.class_percent),
        (SurgeLevel.SUBCLASS, by_subclass, limits.subclass_percent),
    )
    return [
        Excess(level=level, category_id=category_id, cases=cases, total=total)
        for level, found, percent in looked_at
        for category_id, cases in sorted(found.items())
        if cases >= limits.min_cases and 100 * cases > percent * total
    ]
