"""Which switchboard calls a citizen back (T9, S4)."""

import pytest

from gateway.survey_jobs import dialled_by


@pytest.mark.parametrize(
    ("call_id", "owned", "expected"),
    [
        ("east-hotline-1795000000.1", ["city", "east"], "east"),
        ("east-1795000000.1", ["city"], "city"),  # nobody owns the other any more
        (None, ["east", "city"], "city"),  # a case without a call
        (None, ["east"], "east"),  # the first of the settings is owned by nobody
        ("east-1795000000.1", [], "city"),  # nobody owns any: it waits for the first
    ],
)
def test_dialled_by(call_id: str | None, owned: list[str], expected: str) -> None:
    assert dialled_by(call_id, owned, "city") == expected
