"""A capture's calls as they were seen live, its record files, and a database to compare."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile
from typing import Any

import asyncpg
import pytest

from gateway.context import Context
from gateway.engines import Engines
from gateway.ownership import Ownership
from gateway.readiness import Readiness
from gateway.reconciler import Reconciler
from gateway.reconciliation.reconciliation import Reconciled, Reconciliation
from gateway.recorder import save_calls
from gateway.redis_client import connect
from gateway.settings import Settings
from gateway.stored_calls import calls_since
from gateway.switchboards import Switchboard
from telephony.events import CallRecord
from telephony.repair import Kind
from telephony.replay import replay
from telephony.tracker import Tracker
from tests.support.owning import owning

WIRE = Path(__file__).parents[1] / "wire"
NAME = "replay"  # what replaying a capture calls its switchboard
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LATER = timedelta(minutes=10)


@dataclass
class Bench:
    """A capture's calls as they were seen live, its record files, and a database."""

    pool: asyncpg.Pool
    ownership: Ownership
    dsn: str
    directory: Path
    live: dict[str, CallRecord]
    records_dsn: str | None = None  # tables in place of the files

    @property
    def queue_log(self) -> Path:
        return self.directory / "queue_log"

    @property
    def cel_csv(self) -> Path:
        return self.directory / "Master.csv"

    @property
    def last_end(self) -> datetime:
        """When the last call ended."""
        return max(call.ended_at for call in self.live.values() if call.ended_at)

    def reconciler(self, *, now: datetime | None = None, pool: Any = None) -> Reconciler:
        """One whose clocks say ``now``: ten minutes after the last call unless told otherwise."""
        at = now or self.last_end + LATER
        context = Context(
            settings=Settings(switchboard=NAME),
            engines=Engines(self.dsn, pool or self.pool, connect("redis://127.0.0.1:1/0")),
            readiness=Readiness(),
            clock=lambda: at,
        )
        board = Switchboard(None, self.queue_log, self.cel_csv, self.records_dsn)
        tracker = Tracker(NAME)
        return Reconciler(Reconciliation(context, board, self.ownership, at.timestamp, tracker))

    async def record(self, calls: Iterable[CallRecord]) -> None:
        """Calls as they were recorded live."""
        async with self.pool.acquire() as connection:
            await save_calls(connection, list(calls))

    async def stored(self) -> dict[str, CallRecord]:
        """All rows, by Uniqueid."""
        async with self.pool.acquire() as connection:
            return {one.uniqueid: one for one in await calls_since(connection, NAME, LONG_AGO)}

    async def sources(self) -> dict[str, str]:
        """Whose word each row is: ``live`` or ``ledger``."""
        rows = await self.pool.fetch("select uniqueid, source from calls")
        return {row["uniqueid"]: row["source"] for row in rows}

    async def found(self, done: Reconciled) -> dict[str, Kind]:
        """What a run found about calls, by Uniqueid; it says as many."""
        rows = await self.pool.fetch(
            "select call_id, kind, repaired from reconciliation_differences where run_id = $1",
            done.run_id,
        )
        assert Counter(row["kind"] for row in rows) == done.found
        assert all(row["repaired"] for row in rows)
        return {row["call_id"].removeprefix(f"{NAME}-"): Kind(row["kind"]) for row in rows}

    def some(self, fits: Callable[[CallRecord], bool]) -> CallRecord:
        """A call of which that is true."""
        return next(call for call in self.live.values() if fits(call))


@pytest.fixture(params=["mixed", "harder"])
async def bench(
    request: pytest.FixtureRequest, pool: asyncpg.Pool, database_dsn: str, tmp_path: Path
) -> AsyncIterator[Bench]:
    """An empty database beside the records of a real switchboard."""
    capture = WIRE / f"{request.param}.ami"
    copyfile(capture.with_suffix(".queue_log"), tmp_path / "queue_log")
    copyfile(capture.with_suffix(".cel.csv"), tmp_path / "Master.csv")
    live = {call.uniqueid: in_milliseconds(call) for call in replay(capture, {"from-trunk"})}
    async with owning(database_dsn, NAME) as ownership:
        await ownership.held()
        yield Bench(pool, ownership, database_dsn, tmp_path, live)


def in_milliseconds(call: CallRecord) -> CallRecord:
    """Times as exactly as they are stored."""

    def cut(at: datetime | None) -> Any:
        return at and at.replace(microsecond=at.microsecond // 1000 * 1000)

    return replace(
        call,
        arrived_at=cut(call.arrived_at),
        offered_at=cut(call.offered_at),
        answered_at=cut(call.answered_at),
        ended_at=cut(call.ended_at),
        agents=tuple(
            replace(part, answered_at=cut(part.answered_at), released_at=cut(part.released_at))
            for part in call.agents
        ),
    )


def plain(call: CallRecord) -> tuple[object, ...]:
    """What both a live account and the records tell exactly."""
    agents = tuple(part.agent for part in call.agents)
    return (call.line, call.caller, call.queue, call.offered, call.outcome, agents)


def spans(call: CallRecord) -> list[float]:
    """What both tell to the second."""
    assert call.ended_at is not None
    talks = [part.talk_s + part.hold_s for part in call.agents]
    return [call.wait_s or 0.0, *talks, call.ended_at.timestamp(), call.arrived_at.timestamp()]


def assert_same(found: dict[str, CallRecord], expected: dict[str, CallRecord]) -> None:
    """Both are the same calls, by all that can be told."""
    assert {uid: plain(call) for uid, call in found.items()} == {
        uid: plain(call) for uid, call in expected.items()
    }
    for uniqueid, call in expected.items():
        assert spans(found[uniqueid]) == pytest.approx(spans(call), abs=1.01), uniqueid
