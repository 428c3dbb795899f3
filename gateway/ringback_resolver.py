"""Attempts to ring back whose outcome nobody saw: a gateway that died, a link or a database away.

While the agent's channel is up the attempt is let be. When it has been gone for a moment, CEL tells
what became of the citizen's; an attempt that was never dialled needs no record for that.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from callback_survey.ringback.attempts import Attempt, AttemptState
from callback_survey.ringback.outcome import Outcome
from gateway.database_away import DATABASE_AWAY
from gateway.errors import OwnershipLostError
from gateway.ledger_files import cel_since
from gateway.ownership import Ownership
from gateway.ringback_attempts import RingbackAttempts
from gateway.ringback_board import OUTCOMES, Board
from gateway.ringback_desk import RingbackDesk
from telephony.errors import TelephonyError
from telephony.far_end import FarEndSeen, far_end_of
from telephony.originate import is_up

LOOK_EVERY_S = 1.0
GONE_FOR_S = 3.0  # the switchboard writes its records a little after it speaks
UNTOLD_FOR_S = 30.0  # CEL that tells nothing by then tells nothing at all
MARGIN = timedelta(minutes=1)

log = structlog.get_logger(__name__)


class RingbackResolver:
    """Ends what ``desk`` does not see to; calls off what nobody wants any more."""

    def __init__(
        self,
        board: Board,
        desk: RingbackDesk,
        attempts: RingbackAttempts,
        ownership: Ownership,
        cel_csv: Path | None,
    ) -> None:
        self._board = board
        self._desk = desk
        self._attempts = attempts
        self._ownership = ownership
        self._cel_csv = cel_csv
        self._gone_since_s: dict[str, float] = {}

    async def run(self) -> None:
        """Look, as owner, for ever; outages are waited out."""
        while True:
            await self._ownership.held()
            try:
                await self._look()
            except OwnershipLostError:
                continue
            except TelephonyError as error:
                log.info("ring_backs_unresolved", reason=type(error).__name__)
            except DATABASE_AWAY as error:
                log.warning("ring_backs_unresolved", reason=type(error).__name__)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        lost = []
        for live in await self._attempts.live():
            if not self._desk.is_ringing(live.attempt.attempt_id):
                lost.append(live.attempt)
            elif not live.wanted:
                await self._desk.call_off(live.attempt.attempt_id)
        known = {attempt.attempt_id for attempt in lost}
        self._gone_since_s = {
            attempt_id: since_s
            for attempt_id, since_s in self._gone_since_s.items()
            if attempt_id in known
        }
        for attempt in lost:
            await self._resolve(attempt)

    async def _resolve(self, attempt: Attempt) -> None:
        if await is_up(self._board.switch, attempt.attempt_id):
            self._gone_since_s.pop(attempt.attempt_id, None)
            return
        now_s = asyncio.get_running_loop().time()
        gone_for_s = now_s - self._gone_since_s.setdefault(attempt.attempt_id, now_s)
        if gone_for_s < GONE_FOR_S:
            return
        found = await self._found(attempt, gone_for_s)
        if found is not None and await self._attempts.end(attempt.attempt_id, *found):
            log.info("ring_back_resolved", attempt=attempt.attempt_id, outcome=found[0].value)

    async def _found(self, attempt: Attempt, gone_for_s: float) -> tuple[Outcome, datetime] | None:
        if attempt.state is AttemptState.CLAIMED:
            return Outcome.NOT_DIALLED, self._board.now()
        seen = await asyncio.to_thread(self._read, attempt)
        if seen is not None:
            return OUTCOMES[seen.what], datetime.fromtimestamp(seen.at, UTC)
        if self._cel_csv is not None and gone_for_s < UNTOLD_FOR_S:
            return None
        return Outcome.UNKNOWN, self._board.now()

    def _read(self, attempt: Attempt) -> FarEndSeen | None:
        if self._cel_csv is None:
            return None
        return far_end_of(cel_since(self._cel_csv, attempt.claimed_at - MARGIN), attempt.attempt_id)
