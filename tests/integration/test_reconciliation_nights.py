"""The nightly comparison of a whole day: once, caught up, idempotent, told (O5)."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from gateway.errors import OwnershipLostError
from gateway.reconciliation import comparison, runs
from gateway.reconciliation.nights import bounds
from metrics.snapshot import SnapshotKeeper
from telephony.events import CallRecord, Outcome
from tests.support.figures import registry_of, scrape, total
from tests.support.reconciling import NAME, Bench, assert_same

KINDS = "select call_id, kind, repaired, recorded, told from reconciliation_differences"
RUNS = "select cause, day, compared, unexplained from reconciliation_runs order by run_id"


def day_of(some: Bench) -> date:
    """The day of the capture, all of whose calls arrived on it."""
    days = {call.arrived_at.date() for call in some.live.values()}
    assert len(days) == 1
    return days.pop()


def after(some: Bench, days: int = 1, hours: int = 4) -> datetime:
    """So many days after the capture's, at an hour of the city."""
    return bounds(day_of(some) + timedelta(days=days))[0] + timedelta(hours=hours)


@pytest.fixture(params=["in a thread", "in a process"])
def anywhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the comparison is made."""
    monkeypatch.setattr(comparison, "LARGE", 0 if request.param == "in a process" else 1 << 30)


@pytest.mark.usefixtures("anywhere")
async def test_a_day_is_made_up_for_and_then_agrees(bench: Bench) -> None:
    (done,) = await bench.reconciler(now=after(bench)).nights.reconcile()
    assert (done.compared, done.found) == (len(bench.live), {"missing": len(bench.live)})
    assert_same(await bench.stored(), bench.live)
    assert await bench.reconciler(now=after(bench)).nights.reconcile() == []
    await bench.pool.execute("delete from reconciliation_runs")
    (again,) = await bench.reconciler(now=after(bench)).nights.reconcile()
    assert (again.compared, again.found) == (len(bench.live), {})


async def test_not_before_its_hour(bench: Bench) -> None:
    early = after(bench, hours=2)
    (day_before,) = await bench.reconciler(now=early).nights.reconcile()
    assert day_before.compared == 0
    assert await bench.stored() == {}


async def test_missed_nights_are_caught_up(bench: Bench) -> None:
    await bench.reconciler(now=after(bench, days=0)).nights.reconcile()
    done = await bench.reconciler(now=after(bench, days=4)).nights.reconcile()
    assert [one.compared for one in done] == [len(bench.live), 0, 0, 0]
    days = [row["day"] for row in await bench.pool.fetch(RUNS)]
    assert days == [day_of(bench) + timedelta(days=number) for number in range(-1, 4)]


async def test_night_broken_off_is_done_again(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lose(*_: object, **__: object) -> None:
        raise OwnershipLostError("another gateway owns the switchboard now")

    with monkeypatch.context() as patched:
        patched.setattr(runs, "end", lose)
        with pytest.raises(OwnershipLostError):
            await bench.reconciler(now=after(bench)).nights.reconcile()
    (done,) = await bench.reconciler(now=after(bench)).nights.reconcile()
    assert (done.compared, done.found) == (len(bench.live), {})
    assert len(await bench.pool.fetch(RUNS)) == 2


@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize("ended", [True, False])
async def test_what_cannot_be_explained_is_told_once(bench: Bench, ended: bool) -> None:
    """A call that the switchboard never had, and one that it had before its records begin."""
    await bench.record(bench.live.values())
    first = min(call.arrived_at for call in bench.live.values())
    like = bench.some(lambda call: call.answered)
    stray = moved(like, "hotline-1795420950.999", first + timedelta(seconds=1))
    if not ended:
        stray = replace(stray, ended_at=None, outcome=None)
    earlier = moved(like, "hotline-1795400000.999", first - timedelta(minutes=1))
    await bench.record([stray, earlier])
    (done,) = await bench.reconciler(now=after(bench)).nights.reconcile()
    assert done.found == {"unexplained": 1}
    (row,) = await bench.pool.fetch(KINDS)
    assert (row["call_id"], row["repaired"]) == (stray.call_id, False)
    assert like.caller not in row["recorded"]
    assert (await bench.stored())[stray.uniqueid] == stray
    await bench.pool.execute("update reconciliation_runs set ended_at = null")
    (again,) = await bench.reconciler(now=after(bench)).nights.reconcile()
    assert again.found == {}
    newest = (await bench.pool.fetch(RUNS))[-1]
    assert (newest["cause"], newest["unexplained"]) == ("night", 1)


def moved(call: CallRecord, uniqueid: str, arrived_at: datetime) -> CallRecord:
    return replace(call, uniqueid=uniqueid, arrived_at=arrived_at)


async def test_what_is_told_of_a_difference(bench: Bench) -> None:
    left = bench.some(lambda call: call.outcome is Outcome.ABANDONED_QUEUE)
    wrong = replace(left, outcome=Outcome.TIMED_OUT)
    right = [call for call in bench.live.values() if call is not left]
    await bench.record([wrong, *right])
    await bench.reconciler(now=after(bench)).nights.reconcile()
    rows = await bench.pool.fetch(
        "select call_id, fields, recorded ->> 'outcome' as ours, told ->> 'outcome' as theirs,"
        " recorded ?| array['caller', 'line'] as numbers from reconciliation_differences"
    )
    assert [tuple(row) for row in rows] == [
        (left.call_id, ["outcome"], "timed_out", "abandoned_queue", False)
    ]


async def test_no_number_is_kept(bench: Bench) -> None:
    await bench.reconciler(now=after(bench)).nights.reconcile()
    texts = await bench.pool.fetch(
        "select recorded::text || told::text as kept from reconciliation_differences"
        " union all select told::text from reconciliation_differences"
    )
    callers = {call.caller for call in bench.live.values() if len(call.caller) > 5}
    assert callers
    assert not [1 for row in texts for caller in callers if row["kept"] and caller in row["kept"]]


async def test_old_runs_are_forgotten(bench: Bench) -> None:
    await bench.reconciler(now=after(bench)).nights.reconcile()
    days = bench.reconciler()._context.settings.reconciliation_days
    await bench.reconciler(now=after(bench, days=days)).nights.reconcile()
    assert len(await bench.pool.fetch(RUNS)) == 2
    await bench.reconciler(now=after(bench, days=days + 2)).nights.reconcile()
    kept = await bench.pool.fetch(RUNS)
    assert day_of(bench) not in {row["day"] for row in kept}
    assert await bench.pool.fetch(KINDS) == []


async def test_metrics_tell(bench: Bench) -> None:
    now = after(bench)
    (done,) = await bench.reconciler(now=now).nights.reconcile()
    keeper = SnapshotKeeper(bench.pool, clock=lambda: now)
    await keeper.refresh()
    samples = scrape(registry_of(keeper))
    name = "hotline_reconciliation"
    assert total(samples, f"{name}_differences_total", kind="missing") == done.found["missing"]
    assert total(samples, f"{name}_differences_total", kind="rating") == 0
    of_night = {"switchboard": NAME, "cause": "night"}
    assert total(samples, f"{name}_last_run_timestamp_seconds", **of_night) == now.timestamp()
    assert total(samples, f"{name}_last_run_calls", **of_night) == len(bench.live)
    assert total(samples, f"{name}_unexplained_differences", switchboard=NAME) == 0
