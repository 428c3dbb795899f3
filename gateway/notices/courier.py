"""Carries notices to the provider until it takes them, refuses them, or they are too late."""

import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from gateway.carrying import LEASE_MARGIN, Carrier
from gateway.notices import outbox
from gateway.notices.outbox import Leased, Outcome
from gateway.notices.provider import NoticeProvider, Receipt, Verdict
from gateway.webhooks.back_off import delay_s

# There is one provider.
PROVIDER = 0

log = structlog.get_logger(__name__)


@dataclass
class NoticeCourier(Carrier[Leased]):
    """Sends what is due. ``chance`` yields numbers in [0, 1) for the jitter."""

    provider: NoticeProvider
    chance: Callable[[], float] = random.random

    @property
    def limit(self) -> int:
        """Notices at once, as set."""
        return self.context.settings.notice_concurrency

    def destination(self, piece: Leased) -> int:
        """The provider."""
        del piece
        return PROVIDER

    async def lease(self, connection: Any) -> Sequence[Leased]:
        """Lease notices that are due, as many as there is room for."""
        room = self.room((PROVIDER,))
        if not room:
            return ()
        now = self.context.clock()
        until = now + timedelta(seconds=self.provider.timeout_s) + LEASE_MARGIN
        return await outbox.claim(
            connection, limit=room[PROVIDER], now=now, until=until, lease=uuid.uuid4()
        )

    async def carry(self, piece: Leased) -> None:
        """Send one notice, unless it is too late for that."""
        now = self.context.clock()
        if now >= piece.expires_at:
            late = Receipt(verdict=Verdict.LATER)
            await self._note(piece, late, Outcome.EXPIRED, due_at=now)
            return
        receipt = await self.provider.send(piece.message, now=now)
        outcome, due_at = self._judge(piece, receipt)
        await self._note(piece, receipt, outcome, due_at=due_at)

    def _judge(self, piece: Leased, receipt: Receipt) -> tuple[Outcome, datetime]:
        now = self.context.clock()
        if receipt.verdict is Verdict.ACCEPTED:
            return Outcome.SENT, now
        if receipt.verdict is Verdict.REFUSED:
            return Outcome.REFUSED, now
        wait_s = delay_s(piece.attempts + 1, self.chance(), asked_s=receipt.asked_s)
        return Outcome.FAILED, min(now + timedelta(seconds=wait_s), piece.expires_at)

    async def _note(
        self, piece: Leased, receipt: Receipt, outcome: Outcome, *, due_at: datetime
    ) -> None:
        now = self.context.clock()
        async with self.context.engines.pool.acquire() as connection, connection.transaction():
            await outbox.note(connection, piece, receipt, outcome, due_at=due_at, at=now)
        if outcome is not Outcome.SENT:
            log.warning(
                "notice_not_sent",
                notice=piece.notice_id,
                outcome=outcome,
                failure=receipt.error,
                status=receipt.status,
            )
