"""What the comparisons with the switchboard's records found, for those who oversee (O5)."""

from dataclasses import replace
from datetime import timedelta

from gateway.reconciliation import runs
from gateway.reconciliation.runs import Cause, Difference, Run
from tests.support.web import NOW, Hotline
from tests.support.web_switchboard import SWITCHBOARD

RUNS = "/api/v1/reconciliations"
NIGHT = Run(
    switchboard=SWITCHBOARD,
    cause=Cause.NIGHT,
    day=NOW.date() - timedelta(days=1),
    since=NOW - timedelta(days=1),
    until=NOW,
)
FOUND = [
    Difference(
        call_id="sb1-1.1",
        kind="different",
        fields=("outcome",),
        recorded={"outcome": "timed_out"},
        told={"outcome": "answered"},
        repaired=True,
    ),
    Difference(call_id="sb1-1.2", kind="missing", told={"outcome": "answered"}, repaired=True),
    Difference(call_id="sb1-1.3", kind="unexplained", recorded={}, repaired=False),
]


async def store_runs(hotline: Hotline) -> int:
    """A nightly run that found something, and a regular one that goes on."""
    async with hotline.pool.acquire() as connection:
        run_id = await runs.begin(connection, NIGHT, now=NOW)
        await runs.add(connection, run_id, NIGHT, FOUND, now=NOW)
        ended_at = NOW + timedelta(seconds=20)
        await runs.end(connection, run_id, compared=100, unexplained=1, now=ended_at)
        regular = replace(NIGHT, cause=Cause.REGULAR, day=None, until=None)
        await runs.begin(connection, regular, now=NOW + timedelta(minutes=1))
    return run_id


async def test_runs(hotline: Hotline) -> None:
    run_id = await store_runs(hotline)
    supervisor = await hotline.supervisor()
    status, (going_on, night) = await supervisor.json("GET", RUNS)
    assert status == 200
    assert (going_on["cause"], going_on["ended_at"], going_on["found"]) == ("regular", None, {})
    assert night["run_id"] == run_id
    assert (night["day"], night["compared"], night["unexplained"]) == ("2026-11-22", 100, 1)
    assert night["found"] == {"different": 1, "missing": 1, "unexplained": 1}
    _, only = await supervisor.json("GET", f"{RUNS}?cause=night")
    assert only == [night]
    _, earlier = await supervisor.json("GET", f"{RUNS}?before=2026-11-23T08:00:30Z")
    assert earlier == [night]
    assert (await supervisor.ask("GET", f"{RUNS}?cause=whim")).status == 422


async def test_differences(hotline: Hotline) -> None:
    run_id = await store_runs(hotline)
    supervisor = await hotline.supervisor()
    path = f"{RUNS}/{run_id}/differences"
    _, found = await supervisor.json("GET", path)
    assert [one["call_id"] for one in found] == ["sb1-1.1", "sb1-1.2", "sb1-1.3"]
    first = found[0]
    assert first["fields"] == ["outcome"]
    assert (first["recorded"], first["told"]) == ({"outcome": "timed_out"}, {"outcome": "answered"})
    assert [one["repaired"] for one in found] == [True, True, False]
    _, rest = await supervisor.json("GET", f"{path}?after={first['difference_id']}&limit=1")
    assert rest == [found[1]]
    _, unexplained = await supervisor.json("GET", f"{path}?kind=unexplained")
    assert unexplained == [found[2]]


async def test_no_such_run(hotline: Hotline) -> None:
    supervisor = await hotline.supervisor()
    status, problem = await supervisor.json("GET", f"{RUNS}/4711/differences")
    assert (status, problem["detail"]) == (404, "核对记录不存在，或您无权查看")
