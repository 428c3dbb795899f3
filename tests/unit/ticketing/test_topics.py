"""C13: words and places of cases, and what counts as a rise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.topics.counting import Told, TopicKind, count, place_of, words_of
from ticketing.topics.rising import UNUSUAL, Totals, is_hint, rise

FEW = st.integers(0, 500)
MANY = st.integers(1, 10_000)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("人民路18号", "人民路"),
        ("城东区中山大道以北", "城东区中山大道"),
        ("阳光花园3栋2单元", "阳光花园"),
        ("  建设街与五一路交叉口", "建设街"),
        ("18号", None),
        ("路", None),
        ("", None),
        ("不详", None),
    ],
)
def test_place_of_an_address(address: str, place: str | None) -> None:
    assert place_of(address) == place


def test_each_case_counts_once_for_a_word_and_nothing_with_digits() -> None:
    case = Told(
        "路灯不亮", "路灯不亮已经三天，路灯杆编号A0188，电话13800000001", "人民路18号", 7, "S1"
    )
    words = words_of(case)
    assert "路灯" in words
    assert not [word for word in words if any(character.isdigit() for character in word)]
    counts = count([case, case, Told("停水", "停水", "", None, "")])
    assert counts[TopicKind.WORD, "路灯", None] == 2
    assert counts[TopicKind.ADDRESS, "人民路", 7] == 2
    assert counts[TopicKind.DEPARTMENT, "S1", 7] == 2
    assert counts[TopicKind.DEPARTMENT, "", None] == 1


@given(FEW, FEW, MANY, MANY)
def test_what_grows_with_everything_is_no_rise(now: int, before: int, all_: int, old: int) -> None:
    totals = Totals(all_, old)
    found = rise(now, before, totals)
    assert found.expected == pytest.approx(before * all_ / old)
    assert found.strength is not None
    assert found.expected is not None
    assert (found.strength > 0) == (now > found.expected)
    same = rise(before, before, Totals(all_, all_))
    assert same.strength == 0
    assert not same.unusual


def test_strength_is_the_difference_in_units_of_chance() -> None:
    even = Totals(1000, 1000)
    assert rise(9, 0, even).strength == 3  # 9 / sqrt(9)
    assert rise(16, 9, even).strength == pytest.approx(7 / 5)
    assert [rise(now, 4, even).unusual for now in (4, 9, 12, 20)] == [False, False, True, True]
    assert rise(20, 10, Totals(2000, 1000)).strength == 0
    assert UNUSUAL == 2


def test_nothing_before_is_no_data() -> None:
    found = rise(50, 0, Totals(100, 0))
    assert (found.expected, found.strength, found.unusual) == (None, None, False)
    assert not is_hint(found)
    assert is_hint(rise(5, 0, Totals(100, 100)))
    assert not is_hint(rise(2, 0, Totals(100, 100)))
