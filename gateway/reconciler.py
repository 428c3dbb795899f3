"""Reconciler: `calls` against the switchboard's own records, on start, on reconnect, regularly.

AMI never replays. What happened while nobody listened is in ``queue_log`` and CEL, and what was
recorded otherwise than there is mended: at once what had ended by then, every other call that was
up in that time when it ends.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from gateway.context import Context
from gateway.database_away import DATABASE_AWAY
from gateway.doubtful import Doubtful
from gateway.errors import OwnershipLostError
from gateway.ledger_files import cel_since, queue_log_since
from gateway.ownership import Ownership
from gateway.recorder import QUERIES, save_calls
from gateway.stored_calls import calls_since, open_calls
from gateway.switchboards import Switchboard
from telephony.events import CallRecord, Outcome
from telephony.ledger import Ledger, Seating, reconstruct
from telephony.repair import Kind, Repair, compare, vanished
from telephony.tracker import Tracker

EVERY_S = 600.0
SECOND_LOOK_S = 2.0  # the switchboard writes its records a little after it speaks
ARRIVAL_MARGIN = timedelta(seconds=5)
RETRY_S = 2.0
BATCH = 1_000
SETTLED_AFTER = timedelta(seconds=60)  # the recorder has long written a call that ended before
FIRST_LOOK_BACK = timedelta(hours=24)
MOMENT_S = 0.1  # AMI and CEL tell of the same bridge, not in the same millisecond
CLOCKS_DIFFER = timedelta(minutes=1)  # ours and that of PostgreSQL
MARGIN = timedelta(hours=6)  # a call may have been up for so long when it was last heard of

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many calls were compared, and what was mended."""

    compared: int
    repairs: tuple[Repair, ...]
    unseen: int


class Reconciler:
    """Mends the recorded calls of one switchboard."""

    def __init__(
        self,
        context: Context,
        board: Switchboard,
        ownership: Ownership,
        switch_now: Callable[[], float],
        tracker: Tracker,
    ) -> None:
        self._context = context
        self._ownership = ownership
        self._board = board
        self._switch_now = switch_now
        self._tracker = tracker
        self._wake = asyncio.Event()
        self._looks_s = [0.0]  # when all is to be compared, loop's clock
        self._doubtful = Doubtful()
        self._connected_at: datetime | None = None
        self._behind_since: datetime | None = None  # connected then, and not reconciled since
        self._lost: dict[str, CallRecord] = {}
        self.repaired: dict[Kind, int] = dict.fromkeys(Kind, 0)
        self.unseen = 0

    def connected(self) -> None:
        """The link is up: calls that ended before now were seen by nobody."""
        now = self._switch_now()
        self._connected_at = datetime.fromtimestamp(now, UTC)
        self._behind_since = self._behind_since or self._context.clock()
        self._doubtful.are_up(call.uniqueid for call in self._tracker.open_calls(now))
        self._look_soon()

    def expect(self, calls: Sequence[CallRecord]) -> None:
        """These calls ended unseen; the records should tell how."""
        self._lost |= {call.uniqueid: call for call in calls}
        self._look_soon()

    def ended(self, call: CallRecord) -> None:
        """``call`` has ended, and was seen to."""
        if self._doubtful.has_ended(call, asyncio.get_running_loop().time()):
            self._wake.set()

    def _look_soon(self) -> None:
        now_s = asyncio.get_running_loop().time()
        self._looks_s = [now_s, now_s + SECOND_LOOK_S]
        self._wake.set()

    async def run(self) -> None:
        """Reconcile as owner, when there is reason to and regularly, for ever."""
        while True:
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._next_look_s()):
                    await self._wake.wait()
            await self._ownership.held()
            try:
                await self._look()
            except OwnershipLostError:
                continue
            except DATABASE_AWAY as error:
                log.warning("reconciling_delayed", error=type(error).__name__)
                await asyncio.sleep(RETRY_S)

    def _next_look_s(self) -> float:
        doubtful_s = self._doubtful.due_s()
        return min(self._looks_s if doubtful_s is None else [*self._looks_s, doubtful_s])

    async def _look(self) -> None:
        """Do what is due; what fails stays due."""
        now_s = asyncio.get_running_loop().time()
        if min(self._looks_s) <= now_s:
            self._tell(await self.reconcile())
            later = [at_s for at_s in self._looks_s if at_s > now_s]
            self._looks_s = later or [now_s + EVERY_S]
        if due := self._doubtful.due(now_s):
            self._tell(await self._verify(due))

    async def reconcile(self) -> Reconciled:
        """Compare once and mend.

        Raises `OwnershipLostError`, `OSError` and what asyncpg raises.
        """
        lost, self._lost = self._lost, {}
        behind, self._behind_since = self._behind_since, None
        try:
            return await self._reconcile(lost, behind)
        except BaseException:
            self._lost = lost | self._lost
            self._behind_since = behind or self._behind_since
            raise

    async def _reconcile(self, lost: dict[str, CallRecord], behind: datetime | None) -> Reconciled:
        name = self._context.settings.switchboard
        async with self._context.engines.pool.acquire() as connection:
            since = await self._since(connection, lost, behind) - MARGIN
            recorded = await calls_since(connection, name, since)
            still_open = await open_calls(connection, name)
        recorded += [call for call in still_open if call.arrived_at < since]
        ledger = await asyncio.to_thread(self._read, since, self._seats(recorded))
        settled = self._settled(ledger, lost)
        repairs = await asyncio.to_thread(compare, recorded, settled)
        unseen = [
            _close_unseen(call, lost[call.uniqueid])
            for call in vanished(recorded, ledger)
            if call.uniqueid in lost
        ]
        await self._save([repair.call for repair in repairs] + unseen)
        self._lost |= {uid: call for uid, call in lost.items() if uid in ledger.still_up}
        return Reconciled(len(settled.ended), tuple(repairs), len(unseen))

    async def _verify(self, calls: Mapping[str, CallRecord]) -> Reconciled:
        """Compare these calls, which have ended, and mend."""
        since = min(call.arrived_at for call in calls.values()) - ARRIVAL_MARGIN
        name = self._context.settings.switchboard
        async with self._context.engines.pool.acquire() as connection:
            recorded = await calls_since(connection, name, since)
        ledger = await asyncio.to_thread(self._read, since, self._seats(recorded))
        told = {uid: call for uid, call in ledger.ended.items() if uid in calls}
        repairs = compare(recorded, replace(ledger, ended=told))
        await self._save([repair.call for repair in repairs])
        self._doubtful.looked_at(calls, told, asyncio.get_running_loop().time())
        return Reconciled(len(told), tuple(repairs), 0)

    def _seats(self, recorded: Sequence[CallRecord]) -> list[Seating]:
        """Who sat where: as recorded, and as the switchboard tells now."""
        now = self._switch_now()
        recorded_then = [
            Seating(part.answered_at.timestamp() - MOMENT_S, part.interface, part.agent)
            for call in recorded
            for part in call.agents
        ]
        sitting = self._tracker.agents().items()
        return recorded_then + [Seating(now, interface, agent) for interface, agent in sitting]

    async def _save(self, mended: Sequence[CallRecord]) -> None:
        """In batches; a call that got on meanwhile has a newer revision, which stands."""
        for start in range(0, len(mended), BATCH):
            async with (
                self._context.engines.pool.acquire() as connection,
                connection.transaction(),
            ):
                await self._ownership.fence(connection)
                await save_calls(connection, mended[start : start + BATCH], source="ledger")

    async def _since(
        self, connection: object, lost: dict[str, CallRecord], behind: datetime | None
    ) -> datetime:
        """From when on the records matter: the last thing that was known for sure.

        What was recorded since the connection says nothing of the gap before it.
        """
        now = self._context.clock()
        before = now if behind is None else behind - CLOCKS_DIFFER
        name = self._context.settings.switchboard
        last = await QUERIES.last_known(connection, switchboard=name, recorded_before=before)
        times = [call.arrived_at for call in lost.values()] + [now]
        times.append(last if last is not None else now - FIRST_LOOK_BACK)
        return min(times)

    def _read(self, since: datetime, seats: Sequence[Seating]) -> Ledger:
        board = self._board
        lines = queue_log_since(board.queue_log, since) if board.queue_log else []
        events = cel_since(board.cel_csv, since) if board.cel_csv else []
        settings = self._context.settings
        return reconstruct(
            settings.switchboard,
            lines,
            events,
            inbound_contexts=settings.trunk_contexts,
            seats=seats,
            lines=self._tracker.lines,
        )

    def _settled(self, ledger: Ledger, lost: dict[str, CallRecord]) -> Ledger:
        """Only calls that no live record is under way for."""
        before = self._context.clock() - SETTLED_AFTER
        if self._connected_at is not None:
            before = max(before, self._connected_at)
        ended = {
            uniqueid: call
            for uniqueid, call in ledger.ended.items()
            if uniqueid in lost or (call.ended_at is not None and call.ended_at < before)
        }
        return replace(ledger, ended=ended)

    def _tell(self, done: Reconciled) -> None:
        for repair in done.repairs:
            self.repaired[repair.kind] += 1
            call_id, fields = repair.call.call_id, list(repair.fields)
            log.info("call_repaired", call=call_id, kind=repair.kind.value, fields=fields)
        self.unseen += done.unseen
        if done.unseen:
            log.warning("calls_without_record", count=done.unseen)
        log.info("reconciled", compared=done.compared, repaired=len(done.repairs))


def _close_unseen(recorded: CallRecord, lost: CallRecord) -> CallRecord:
    """A call whose end nobody recorded: answered stays answered, anything else is not known."""
    outcome = Outcome.ANSWERED if recorded.answered else Outcome.UNSEEN
    return replace(
        recorded,
        ended_at=lost.ended_at or recorded.answered_at or recorded.arrived_at,
        outcome=outcome,
        revision=max(recorded.revision, lost.revision) + 1,
    )
