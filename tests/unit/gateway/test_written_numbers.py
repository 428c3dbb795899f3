"""Numbers that people write into words are found, and nothing else is taken for one."""

import pytest

from gateway.masking import holds_number, scrub_numbers


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("回拨13800000001。", "回拨138****0001。"),
        ("138 0000 0001", "138****0001"),
        ("138-0000-0001", "138****0001"),
        ("+86 13800000001", "+861******0001"),
        ("8613800000001", "861******0001"),
        ("008613800000001", "008********0001"),
        ("座机 0571-88880000", "座机 057*****0000"),
        ("010 88880000", "010****0000"),
        ("两个：13800000001、13900000009", "两个：138****0001、139****0009"),
    ],
)
def test_numbers(text: str, masked: str) -> None:
    assert holds_number(text)
    assert scrub_numbers(text) == masked
    assert not holds_number(masked)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "工单 20261123-00001",
        "20261123-000012345",
        "通话 sb1-1732350000.123",
        "2026-11-23 08:00",
        "身份证尾号 1234",
        "拨打 12345、110、96310",
        "面积 138000 平方米",
        "金额 1380000000012345 元",
        "018000000000000",
    ],
)
def test_what_is_no_number(text: str) -> None:
    assert not holds_number(text)
    assert scrub_numbers(text) == text
