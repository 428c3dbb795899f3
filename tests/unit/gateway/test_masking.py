"""Telephone numbers as people see them (REQUIREMENTS T6, O4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking import hide_number, mask_data, mask_number


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13800000001", "138****0001"),
        ("075588880001", "075*****0001"),
        ("+8613800000001", "+861******0001"),
        ("88880001", "******01"),
        ("12345", "***45"),
        ("110", "*10"),
        ("10", "10"),
        ("", ""),
    ],
)
def test_mask(number: str, shown: str) -> None:
    assert mask_number(number) == shown


@given(st.from_regex(r"\+?[0-9]{3,20}", fullmatch=True))
def test_mask_hides_something_and_keeps_the_length(number: str) -> None:
    shown = mask_number(number)
    assert len(shown) == len(number)
    assert "*" in shown
    assert sum(char.isdigit() for char in shown) <= 7


@pytest.mark.parametrize(
    ("number", "shown"), [("13800000001", "*" * 11), ("110", "*" * 11), ("", "")]
)
def test_hide_tells_not_even_the_length(number: str, shown: str) -> None:
    assert hide_number(number) == shown


def test_data_is_masked_however_deep_and_otherwise_kept() -> None:
    data = {
        "call_id": "sb1-1763884800.1",
        "line": "12345",
        "caller": "13800000001",
        "wait_s": 1.5,
        "attempts": [{"number": "13800000002", "state": "ended"}],
        "parts": ({"caller": ["13800000003"]},),
        "ended_at": None,
    }
    assert mask_data(data) == {
        "call_id": "sb1-1763884800.1",
        "line": "12345",
        "caller": "138****0001",
        "wait_s": 1.5,
        "attempts": [{"number": "138****0002", "state": "ended"}],
        "parts": [{"caller": ["138****0003"]}],
        "ended_at": None,
    }
