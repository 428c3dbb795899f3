"""Fixtures with a real Asterisk. Where there can be none the tests are left out, with the reason.

``switchboard`` is one instance for the whole session with its AGI port unused, which is a gateway
that is absent; a test that wants one there starts it on ``switchboard.settings.agi_port``.
``system`` is a switchboard, engines and a gateway of one test.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.embedded.asterisk_process import AsteriskInstance
from tests.support.asterisk import (
    log_everyone_out,
    running_switchboard,
    why_no_switchboard,
)
from tests.support.capture import AmiRecorder
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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def switchboard(
    switchboard_here: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AsteriskInstance]:
    """One real Asterisk for the whole session."""
    async with running_switchboard(tmp_path_factory.mktemp("switchboard")) as instance:
        yield instance


@pytest_asyncio.fixture
async def ami(switchboard: AsteriskInstance) -> AsyncIterator[AmiRecorder]:
    """A raw AMI connection of this test; all queue members are removed afterwards."""
    recorder = await AmiRecorder.connect(switchboard.ami_port, switchboard.secrets.ami)
    yield recorder
    await log_everyone_out(recorder)
    await recorder.close()
