"""Reconciler: recorded calls are made to agree with the switchboard's own records (O5, C)."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import asyncpg
import pytest

from gateway import reconciler as reconciler_module
from gateway.errors import OwnershipLostError
from gateway.reconciliation import reconciliation
from telephony.events import CallRecord, Outcome
from telephony.repair import Kind
from tests.support.live import until
from tests.support.owning import running
from tests.support.postgres_proxy import postgres_proxy
from tests.support.queue_log_truth import outcomes, plainly
from tests.support.reconciling import LATER, Bench, assert_same, plain


async def test_everything_missed(bench: Bench) -> None:
    done = await bench.reconciler().reconcile()
    assert await bench.found(done) == dict.fromkeys(bench.live, Kind.MISSING)
    stored = await bench.stored()
    assert_same(stored, bench.live)
    queued = {
        uid: plainly(one.outcome) for uid, one in stored.items() if uid in outcomes(bench.queue_log)
    }
    assert queued == outcomes(bench.queue_log)
    assert set((await bench.sources()).values()) == {"ledger"}


async def test_a_second_time_changes_nothing(bench: Bench) -> None:
    await bench.reconciler().reconcile()
    before = await bench.stored()
    again = await bench.reconciler().reconcile()
    assert (again.compared, again.found) == (len(bench.live), {})
    assert await bench.stored() == before


async def test_what_was_recorded_rightly_is_left_alone(bench: Bench) -> None:
    await bench.record(bench.live.values())
    done = await bench.reconciler().reconcile()
    assert done.found == {}
    assert await bench.stored() == bench.live


async def test_agent_whom_the_queue_never_called(bench: Bench) -> None:
    """The records of this call alone name its second agent nowhere; that he had it stays known."""
    transferred = bench.some(lambda call: len(call.agents) > 1)
    keep_lines_with(bench.queue_log, transferred.uniqueid)
    keep_lines_with(bench.cel_csv, transferred.uniqueid)
    other = bench.some(lambda call: call.answered and call.agents[0].agent == "8001")
    part = replace(other.agents[0], agent="8009", interface=transferred.agents[-1].interface)
    evening = replace(
        other,
        uniqueid="hotline-1795427000.1",
        agents=(replace(part, answered_at=part.answered_at + LATER),),
    )
    await bench.record([transferred, evening])  # 8009 had the same telephone later
    assert (await bench.reconciler().reconcile()).found == {}
    assert await bench.stored() == {one.uniqueid: one for one in (transferred, evening)}


def keep_lines_with(file: Path, words: str) -> None:
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if words in line))


async def test_phone_that_two_shifts_share(bench: Bench) -> None:
    """Agent 8005 takes over the phone of 8001 in the middle of the records."""
    ends = sorted(call.ended_at for call in bench.live.values() if call.ended_at)
    handover = ends[len(ends) // 2]
    lines = bench.queue_log.read_text().splitlines(keepends=True)
    for index, line in enumerate(lines):
        if float(line.partition("|")[0]) > handover.timestamp():
            lines[index] = line.replace("|8001|", "|8005|")
    bench.queue_log.write_text("".join(lines))
    live = {uid: after_handover(call, handover) for uid, call in bench.live.items()}
    assert live != bench.live
    await bench.record(live.values())
    done = await bench.reconciler().reconcile()
    assert done.found == {}
    await bench.pool.execute("delete from calls")
    await bench.reconciler().reconcile()
    assert_same(await bench.stored(), live)


def after_handover(call: CallRecord, handover: datetime) -> CallRecord:
    parts = tuple(
        replace(part, agent="8005")
        if part.agent == "8001" and part.answered_at > handover
        else part
        for part in call.agents
    )
    return replace(call, agents=parts)


async def test_what_is_wrong_is_mended(bench: Bench) -> None:
    answered = bench.some(lambda call: call.answered and len(call.agents) == 1)
    left = bench.some(lambda call: call.outcome is Outcome.ABANDONED_QUEUE)
    transferred = bench.some(lambda call: len(call.agents) > 1)
    lost = bench.some(lambda call: call.outcome is Outcome.ABANDONED_GREETING)
    wrong = {
        answered.uniqueid: replace(
            answered, answered_at=None, ended_at=None, outcome=None, agents=(), talk_s=0, revision=2
        ),
        left.uniqueid: replace(left, outcome=Outcome.TIMED_OUT),
        transferred.uniqueid: replace(transferred, agents=transferred.agents[:1]),
    }
    right = bench.live.keys() - wrong.keys() - {lost.uniqueid}
    await bench.record([*wrong.values(), *(bench.live[uniqueid] for uniqueid in right)])
    done = await bench.reconciler().reconcile()
    assert await bench.found(done) == {
        answered.uniqueid: Kind.OPEN,
        left.uniqueid: Kind.DIFFERENT,
        transferred.uniqueid: Kind.DIFFERENT,
        lost.uniqueid: Kind.MISSING,
    }
    assert_same(await bench.stored(), bench.live)
    assert (await bench.reconciler().reconcile()).found == {}


async def test_calls_after_the_connection_are_live(bench: Bench) -> None:
    """What ended before it was seen by nobody; what ends after it is on its way here."""
    ends = sorted(call.ended_at for call in bench.live.values() if call.ended_at)
    pause, before = max((later - earlier, earlier) for earlier, later in pairwise(ends))
    connected_at = before + pause / 2
    reconciler = bench.reconciler(now=connected_at)
    reconciler.connected()
    await reconciler.reconcile()
    assert set(await bench.stored()) == {
        uniqueid
        for uniqueid, call in bench.live.items()
        if call.ended_at and call.ended_at < connected_at
    }


async def test_calls_of_the_last_minute_are_live(bench: Bench) -> None:
    now = bench.last_end + timedelta(seconds=1)
    await bench.reconciler(now=now).reconcile()
    recent = {
        uniqueid
        for uniqueid, call in bench.live.items()
        if call.ended_at and call.ended_at > now - reconciliation.SETTLED_AFTER
    }
    assert recent
    assert set(await bench.stored()) == bench.live.keys() - recent


async def test_lost_call_that_the_records_know(bench: Bench) -> None:
    """It is closed by them at once, however lately it ended."""
    last = bench.some(lambda call: call.ended_at == bench.last_end)
    open_row = replace(last, ended_at=None, outcome=None, revision=1)
    await bench.record([open_row])
    reconciler = bench.reconciler(now=bench.last_end + timedelta(seconds=1))
    reconciler.expect([open_row])
    done = await reconciler.reconcile()
    assert (await bench.found(done))[last.uniqueid] is Kind.OPEN
    assert plain((await bench.stored())[last.uniqueid]) == plain(last)


async def test_lost_call_of_which_the_records_tell_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AMI was back before the records told that Asterisk had started anew."""
    monkeypatch.setattr(reconciler_module, "SECOND_LOOK_S", 0.05)
    last = bench.some(lambda call: call.ended_at == bench.last_end)
    cel = bench.cel_csv.read_text("utf-8").splitlines(keepends=True)
    bench.cel_csv.write_text("".join(cel[: end_of(last.uniqueid, cel)]), "utf-8")
    open_row = replace(last, ended_at=None, outcome=None, revision=1)
    await bench.record([open_row])
    reconciler = bench.reconciler()
    reconciler.expect([open_row])

    async def outcome() -> str | None:
        call = (await bench.stored())[last.uniqueid]
        return call.outcome

    async def runs() -> int:
        return int(await bench.pool.fetchval("select count(*) from reconciliation_runs"))

    async with running(reconciler.run()):
        await until(runs, lambda count: count >= 4)
        assert await outcome() is None
        with bench.queue_log.open("a", encoding="utf-8") as log:
            log.write(f"{bench.last_end.timestamp() + 5:.0f}|NONE|NONE|NONE|QUEUESTART|\n")
        await until(outcome, lambda told: told is Outcome.SWITCH_RESTART)


def end_of(uniqueid: str, cel: list[str]) -> int:
    """Number of the line with the end of this channel."""
    return next(
        number
        for number, text in enumerate(cel)
        if text.startswith('"CHAN_END"') and text.split('","')[12] == uniqueid
    )


@pytest.mark.parametrize("answered", [True, False])
async def test_lost_call_that_nobody_knows(bench: Bench, answered: bool) -> None:
    like = bench.some(lambda call: call.answered is answered)
    stray = replace(
        like, uniqueid="hotline-1795420000.999", ended_at=None, outcome=None, revision=3
    )
    await bench.record([*bench.live.values(), stray])
    reconciler = bench.reconciler()
    reconciler.expect([replace(stray, ended_at=bench.last_end)])
    done = await reconciler.reconcile()
    assert done.found == {"unseen": 1}
    closed = (await bench.stored())[stray.uniqueid]
    assert closed.outcome is (Outcome.ANSWERED if answered else Outcome.UNSEEN)
    assert closed.ended_at == bench.last_end
    assert (await bench.reconciler().reconcile()).found == {}


async def test_open_call_that_nobody_lost_stays_open(bench: Bench) -> None:
    """It is up: the records tell its end when there is one."""
    stray = replace(
        next(iter(bench.live.values())),
        uniqueid="hotline-1795421000.999",
        ended_at=None,
        outcome=None,
    )
    await bench.record([*bench.live.values(), stray])
    done = await bench.reconciler().reconcile()
    assert done.found == {}
    assert (await bench.stored())[stray.uniqueid] == stray


async def test_records_that_were_rotated_away(bench: Bench) -> None:
    await bench.record(bench.live.values())
    bench.queue_log.unlink()
    bench.cel_csv.write_text("")
    done = await bench.reconciler().reconcile()
    assert (done.compared, done.found) == (0, {})
    assert await bench.stored() == bench.live


async def test_torn_and_foreign_lines(bench: Bench) -> None:
    """A line that is being written and lines of anything else spoil only themselves."""
    with bench.queue_log.open("ab") as file:
        file.write(b"1795421100|hotline-\nno line\n\xff\xfe|\n1795421101|x|12345|NONE|ENTERQ")
    with bench.cel_csv.open("ab") as file:
        file.write(b'"CHAN_START","","1795421\n\n"unfinished')
    await bench.reconciler().reconcile()
    assert_same(await bench.stored(), bench.live)


async def test_a_long_gap_is_closed_although_new_calls_were_recorded_first(bench: Bench) -> None:
    """The gateway was away for days; before it could read the records it recorded new calls."""
    await bench.record([bench.some(lambda call: call.arrived_at <= min_arrival(bench))])
    await bench.pool.execute("update calls set recorded_at = $1", bench.last_end)
    two_days_later = bench.last_end + timedelta(days=2)
    reconciler = bench.reconciler(now=two_days_later)
    reconciler.connected()
    fresh = replace(
        bench.some(lambda call: call.answered),
        uniqueid="hotline-1795600000.1",
        arrived_at=two_days_later,
    )
    await bench.record([fresh])
    recorded_at = two_days_later + timedelta(seconds=1)
    await bench.pool.execute(
        "update calls set recorded_at = $1 where uniqueid = $2", recorded_at, fresh.uniqueid
    )
    await reconciler.reconcile()
    stored = await bench.stored()
    assert stored.pop(fresh.uniqueid) == fresh
    assert_same(stored, bench.live)


def min_arrival(bench: Bench) -> datetime:
    return min(call.arrived_at for call in bench.live.values())


async def test_postgres_away_and_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again, and which calls were lost is not forgotten."""
    monkeypatch.setattr(reconciliation, "RETRY_S", 0.05)
    stray = replace(
        next(iter(bench.live.values())),
        uniqueid="hotline-1795420000.9",
        ended_at=None,
        outcome=None,
    )
    await bench.record([stray])
    async with (
        postgres_proxy(bench.dsn) as proxy,
        asyncpg.create_pool(proxy.url, min_size=1) as far,
    ):
        reconciler = bench.reconciler(pool=far)
        proxy.shut()
        reconciler.connected()
        reconciler.expect([stray])
        async with running(reconciler.run()):

            async def knocks() -> int:
                return proxy.refused

            await until(knocks, lambda count: count >= 2)
            proxy.reopen()

            async def kinds() -> Counter[str]:
                found = await bench.pool.fetch("select kind from reconciliation_differences")
                return Counter(row["kind"] for row in found)

            missing = {"unseen": 1, "missing": len(bench.live)}
            await until(kinds, lambda found: found == missing)
    assert len(await bench.stored()) == len(bench.live) + 1


async def test_only_the_owner_mends(bench: Bench) -> None:
    await bench.pool.execute("update switchboard_owners set epoch = epoch + 1")
    with pytest.raises(OwnershipLostError):
        await bench.reconciler().reconcile()
    assert await bench.stored() == {}
