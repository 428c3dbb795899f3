"""Fixtures with a real Asterisk. Where there can be none the tests are left out, with the reason."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.asterisk import why_no_switchboard
from tests.support.system import System, running_system


@pytest.fixture(scope="session")
def switchboard_here() -> None:
    """Leaves the test out where no real Asterisk can run."""
    if why := why_no_switchboard():
        pytest.skip(why)


@pytest.fixture
async def system(
    switchboard_here: None, tmp_path: Path, database_dsn: str, redis_url: str
) -> AsyncIterator[System]:
    """A switchboard, engines of this test alone and a gateway with all roles."""
    async with running_system(tmp_path, database_dsn, redis_url) as running:
        yield running
