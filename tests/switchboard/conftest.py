"""Fixtures of the tests with a real Asterisk; without one they are left out, with the reason."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.asterisk import why_no_switchboard
from tests.support.system import System, running_system


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    if why := why_no_switchboard():
        for item in items:
            if here in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture
async def system(tmp_path: Path, database_dsn: str, redis_url: str) -> AsyncIterator[System]:
    """A switchboard, engines of this test alone and a gateway with all roles."""
    async with running_system(tmp_path, database_dsn, redis_url) as running:
        yield running
