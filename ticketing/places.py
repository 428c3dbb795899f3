"""Places that an address names, as far as they can be told by their form. Pure.

Addresses are written by hand: ``东区人民路18号阳光花园3栋``, ``人民路 18 号``, ``阳光花园南门``.
Nothing is looked up; a place is a road, a road with a house number, or something with a name (小区,
学校 …).
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from operator import itemgetter

_HAN = r"[\u4e00-\u9fff]"
# 市 and 区 of names (超市, 市场, 小区, 社区) end no administrative part.
_CITY = rf"(?:{_HAN}{{2,8}}?(?:省|自治区))?(?:{_HAN}{{2,6}}?(?<![超夜])市(?!场|政))?"
_DISTRICT = re.compile(
    rf"^{_CITY}(?P<district>{_HAN}{{1,6}}?(?:新区|开发区|(?<![小社园街校厂景库片地])区|县|旗))?"
    rf"(?:{_HAN}{{2,6}}?(?:街道(?:办事处)?|镇|(?<!老)乡))?"
)
# 路灯, 路面, 街道 are no roads, nor is what one character stands before (马路, 修路).
_ROAD = re.compile(
    rf"(?P<road>(?![与及]){_HAN}{{2,6}}?(?:大道|大街|胡同|路(?![灯面边过])|街(?!道)|巷))"
    r"(?:(?P<number>\d{1,5})(?:号|弄))?"
)
_KINDS = (
    "小区|花园|公寓|大厦|广场|新村|家园|苑|幼儿园|小学|中学|大学|学院|学校|医院|市场|商场|超市|公园|"
    "车站|地铁站|工业园|产业园|园区|社区|村|工地|大桥|立交桥"
)
_NAMED = re.compile(rf"(?:(?![号路街巷弄栋幢楼室])\w){{1,10}}?(?:{_KINDS})")


class Precision(IntEnum):
    """How closely a place is named; more is closer."""

    ROAD = 1
    NAME = 2
    NUMBER = 3


@dataclass(frozen=True, slots=True)
class Place:
    """A place by its name."""

    name: str
    precision: Precision


@dataclass(frozen=True, slots=True)
class Location:
    """The places that an address names, in its order, and the district (empty: none is named)."""

    district: str
    places: tuple[Place, ...]


def locate(address: str) -> Location:
    """What an address names; no place at all where nothing has the form of one."""
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", address))
    prefix = _DISTRICT.match(text)
    district = (prefix["district"] or "") if prefix else ""
    rest = text[prefix.end() :] if prefix else text
    found: list[tuple[int, Place]] = []
    for road in _ROAD.finditer(rest):
        found.append((road.start(), Place(road["road"], Precision.ROAD)))
        if road["number"]:
            numbered = f"{road['road']}{road['number']}号"
            found.append((road.start(), Place(numbered, Precision.NUMBER)))
    unnamed = _ROAD.sub(lambda road: "，" * len(road[0]), rest)
    named = _NAMED.finditer(unnamed)
    found += [(name.start(), Place(name[0], Precision.NAME)) for name in named]
    in_order = sorted(found, key=itemgetter(0))
    return Location(district, tuple(dict.fromkeys(place for _, place in in_order)))
