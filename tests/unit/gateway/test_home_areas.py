"""Where numbers are from (T6): the same as libphonenumber says, by less memory."""

import json
from array import array

import pytest

from gateway import home_areas
from gateway.china_prefixes import china
from gateway.home_areas import HomeAreas, PrefixTable


@pytest.fixture(scope="module")
def table() -> PrefixTable:
    return PrefixTable.from_json(json.dumps(china()).encode())


@pytest.mark.parametrize(
    ("number", "area"),
    [
        ("13912345678", "江苏省常州市"),
        ("15012345678", "云南省昭通市"),
        ("02150000001", "上海市"),
        ("01065551234", "北京市"),
        ("053166601234", "山东省济南市"),
        ("085223456789", None),  # nobody has it
        ("0085223456789", None),  # of Hong Kong
        ("14000000000", None),
        ("12345", None),
        ("8001", None),
        ("", None),
        ("139１２345678", None),
        ("13912345678;x", None),
    ],
)
def test_area(table: PrefixTable, number: str, area: str | None) -> None:
    assert table.find(number) == area


def test_the_longest_prefix_counts() -> None:
    table = PrefixTable(("短", "长"), array("I", [139, 1391234]), array("H", [0, 1]))
    assert table.find("13912345678") == "长"
    assert table.find("13912355678") == "短"


async def test_loaded_by_a_process_of_its_own(table: PrefixTable) -> None:
    areas = HomeAreas()
    assert await areas.find("13912345678") == "江苏省常州市"
    assert (await areas.load()).prefixes == table.prefixes


async def test_what_cannot_be_loaded_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home_areas.sys, "executable", "/bin/false")
    areas = HomeAreas()
    assert await areas.find("13912345678") is None
