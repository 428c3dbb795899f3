"""C10: a class above 10 % or a sub-class above 5 %, and not of three cases at night."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.surges.shares import CategoryCount, Excess, Limits, SurgeLevel, excesses

LIMITS = Limits(class_percent=10, subclass_percent=5, min_cases=10)
HEATING, WATER = 1, 2
BURST, COLD, CUT = 11, 12, 21
PARENT = {BURST: HEATING, COLD: HEATING, CUT: WATER, HEATING: None, WATER: None}


def found(total: int, limits: Limits = LIMITS, **cases: int) -> list[tuple[SurgeLevel, int, int]]:
    ids = {"burst": BURST, "cold": COLD, "cut": CUT, "water": WATER}
    counts = [
        CategoryCount(category_id=ids[name], parent_id=PARENT[ids[name]], cases=number)
        for name, number in cases.items()
    ]
    return [(each.level, each.category_id, each.cases) for each in excesses(counts, total, limits)]


@pytest.mark.parametrize(
    ("total", "cases", "expected"),
    [
        (200, {"burst": 10}, []),  # exactly 5 %
        (199, {"burst": 10}, [(SurgeLevel.SUBCLASS, BURST, 10)]),
        (200, {"burst": 10, "cold": 10}, []),  # exactly 10 % of the class
        (199, {"burst": 9, "cold": 11}, [("class", HEATING, 20), ("subclass", COLD, 11)]),
        (4, {"burst": 3}, []),  # three cases at night
        (10, {"burst": 9}, []),
        (100, {"water": 11}, [("class", WATER, 11)]),  # registered under the class itself
        (0, {}, []),
    ],
)
def test_limits(
    total: int, cases: dict[str, int], expected: list[tuple[SurgeLevel, int, int]]
) -> None:
    assert found(total, **cases) == expected


def test_exactly_the_limit_whatever_the_float() -> None:
    """0.29 * 100 is less than 29 in floating point."""
    limits = Limits(class_percent=29, subclass_percent=29, min_cases=1)
    assert found(100, limits, burst=29) == []
    assert len(found(100, limits, burst=30)) == 2


COUNTS = st.dictionaries(st.sampled_from(sorted(PARENT)), st.integers(1, 200), max_size=5).map(
    lambda drawn: [
        CategoryCount(category_id=known, parent_id=PARENT[known], cases=cases)
        for known, cases in drawn.items()
    ]
)


@given(COUNTS, st.integers(0, 500))
def test_what_is_found_is_above_its_limit_and_nothing_else(
    counts: list[CategoryCount], without_category: int
) -> None:
    total = without_category + sum(count.cases for count in counts)
    excess = {each.category_id: each for each in excesses(counts, total, LIMITS)}
    for known, parent in PARENT.items():
        members = [c for c in counts if known in (c.category_id, c.parent_id)]
        cases = sum(count.cases for count in members)
        percent = LIMITS.class_percent if parent is None else LIMITS.subclass_percent
        above = total > 0 and cases / total * 100 > percent and cases >= LIMITS.min_cases
        assert (known in excess) == above
        if above:
            level = SurgeLevel.CLASS if parent is None else SurgeLevel.SUBCLASS
            expected = Excess(level=level, category_id=known, cases=cases, total=total)
            assert excess[known] == expected
