"""The check that docs/webhooks.md gives to receivers is right."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.webhooks.signing import headers, key_of, new_secret

PAGE = Path(__file__).parents[4] / "docs" / "webhooks.md"
Check = Callable[[str, dict[str, str], bytes], bool]


@pytest.fixture
def is_ours() -> Check:
    """The function on the page."""
    found = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found
    lines = (line.removeprefix("   ") for line in found[1].splitlines())
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)  # noqa: S102  # it is ours, and to be tried
    check: Check = names["is_ours"]
    return check


def test_example_of_the_page(is_ours: Check) -> None:
    secret, body = new_secret(), b'{"id":"case_opened:1:1"}'
    now = datetime.now(UTC)
    sent = headers("case_opened:1:1", body, [key_of(new_secret()), key_of(secret)], at=now)
    assert is_ours(secret, sent, body)
    assert not is_ours(new_secret(), sent, body)
    assert not is_ours(secret, sent, body + b" ")
    assert not is_ours(secret, sent | {"webhook-id": "case_closed:1:1"}, body)
    stale = datetime.fromtimestamp(time.time() - 600, UTC)
    assert not is_ours(secret, headers("e:1", body, [key_of(secret)], at=stale), body)
