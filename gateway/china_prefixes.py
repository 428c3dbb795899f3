"""Prints where the numbers of China are from, as JSON: ``python -m gateway.china_prefixes``.

The names of areas once (``areas``), and for each prefix, without the leading 0 of area codes, the
place of its name among them. From libphonenumber's geocoding data (the package ``phonenumbers``),
which holds the whole world and takes 100 MB of memory: so nobody but this process loads it.
"""

import json
import sys

from phonenumbers.geodata import GEOCODE_DATA

COUNTRY = "86"


def china() -> dict[str, list[str] | list[int]]:
    """``areas``, and in the order of numbers ``prefixes`` and ``places``, one each."""
    named = {
        int(prefix.removeprefix(COUNTRY)): names["zh"]
        for prefix, names in GEOCODE_DATA.items()
        if prefix.startswith(COUNTRY) and "zh" in names
    }
    areas = sorted(set(named.values()))
    place = {name: number for number, name in enumerate(areas)}
    prefixes = sorted(named)
    return {"areas": areas, "prefixes": prefixes, "places": [place[named[it]] for it in prefixes]}


if __name__ == "__main__":
    json.dump(china(), sys.stdout)
