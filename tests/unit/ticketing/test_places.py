"""C10, C12: the places that an address written by hand names."""

import pytest

from ticketing.places import locate


@pytest.mark.parametrize(
    ("address", "district", "places"),
    [
        ("东区人民路18号阳光花园3栋", "东区", {"人民路", "人民路18号", "阳光花园"}),
        ("人民路 １８ 号", "", {"人民路", "人民路18号"}),
        ("阳光花园南门", "", {"阳光花园"}),
        ("江城市东湖新区光谷街道珞喻路123号", "东湖新区", {"珞喻路", "珞喻路123号"}),
        ("城市花园小区5栋", "", {"城市花园"}),
        ("和平街道菜市场", "", {"菜市场"}),
        ("第一人民医院门口", "", {"第一人民医院"}),
        ("解放路与中山路交叉口", "", {"解放路", "中山路"}),
        ("李家村3组", "", {"李家村"}),
        ("家里", "", set()),
        ("", "", set()),
        ("18号", "", set()),
        ("门前路灯不亮", "", set()),
        ("修路扬尘", "", set()),
        ("幸福街道", "", set()),
        ("人民路路灯", "", {"人民路"}),
        ("延安路123弄5号", "", {"延安路", "延安路123号"}),
    ],
)
def test_address(address: str, district: str, places: set[str]) -> None:
    found = locate(address)
    assert (found.district, {place.name for place in found.places}) == (district, places)
