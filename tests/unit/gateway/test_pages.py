"""Every page that the router knows can be opened by its address."""

import re
from pathlib import Path

from gateway.http.openapi import plain_path
from gateway.http.pages import PATHS

ROUTER = Path(__file__).parents[3] / "gateway" / "web" / "src" / "router.ts"


def test_addresses_of_pages_are_those_of_the_router() -> None:
    routed = re.findall(r"path: '(/[^']*)'", ROUTER.read_text("utf-8"))
    known = {re.sub(r":\w+", ":", path) for path in routed if ":rest" not in path}
    assert known == {re.sub(r"{\w+}", ":", plain_path(path)) for path in PATHS}
