"""C10: a warning is one warning from its beginning to its end."""

from datetime import UTC, datetime, timedelta

import pytest

from ticketing.surges.clusters import Cluster
from ticketing.surges.following import Course, follow, recognise

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
CALM = timedelta(minutes=30)


@pytest.mark.parametrize(
    ("found", "quiet_minutes", "expected"),
    [
        (["a"], None, Course(("a",), (), ())),
        (["a"], 1, Course((), ("a",), ())),
        (["a", "a"], 500, Course((), ("a",), ())),  # nobody looked for a long time
        ([], 29, Course((), (), ())),  # it wavers
        ([], 30, Course((), (), ("a",))),
        (["b"], 30, Course(("b",), (), ("a",))),
    ],
)
def test_course(found: list[str], quiet_minutes: int | None, expected: Course[str]) -> None:
    known = {} if quiet_minutes is None else {"a": NOW - timedelta(minutes=quiet_minutes)}
    assert follow(found, known, now=NOW, calm=CALM) == expected


def cluster(*cases: int) -> Cluster:
    return Cluster(place="阳光花园", words=("停水",), category_id=None, cases=cases)


@pytest.mark.parametrize(
    ("found", "known", "expected"),
    [
        ([cluster(1, 2, 3)], {}, [None]),
        ([cluster(1, 2, 3)], {7: {1, 2, 9}}, [7]),
        ([cluster(1, 2, 3)], {7: {1, 8, 9}}, [None]),
        ([cluster(3, 4, 5, 6)], {7: {1, 2, 3, 4}}, [7]),  # older ones left the window
        ([cluster(1, 2, 3)], {7: {1, 2}, 8: {1, 2, 3}}, [8]),
        ([cluster(1, 2), cluster(3, 4, 5)], {7: {1, 2, 3, 4, 5}}, [None, 7]),
        ([cluster(1, 2), cluster(3, 4)], {7: {1, 2, 3, 4}, 8: {3, 4}}, [7, 8]),
    ],
)
def test_recognised(
    found: list[Cluster], known: dict[int, set[int]], expected: list[int | None]
) -> None:
    frozen = {surge_id: frozenset(cases) for surge_id, cases in known.items()}
    assert [surge_id for _, surge_id in recognise(found, frozen)] == expected
