"""Carries events to their destinations: in order per case, until they arrive.

What waits of one case for one destination is a lane. A courier leases a lane (`gateway.carrying`),
sends its oldest event, writes down what came of it, and goes on with the next.
"""

import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from gateway.carrying import LEASE_MARGIN, Carrier
from gateway.settings import Settings
from gateway.webhooks import lanes
from gateway.webhooks.addresses import Guard
from gateway.webhooks.back_off import GiveUp, next_try
from gateway.webhooks.lanes import Head, Lane, Outcome
from gateway.webhooks.sending import Reply, Sender
from gateway.webhooks.signing import headers

# After so many events of a case others have their turn.
TURN = 20

log = structlog.get_logger(__name__)


def guard_of(settings: Settings) -> Guard:
    """Where may be sent to, as set."""
    return Guard.of(settings.webhook_http_hosts, settings.webhook_networks)


def give_up_of(settings: Settings) -> GiveUp:
    """When an event is given up, as set."""
    return GiveUp(settings.webhook_attempts, timedelta(hours=settings.webhook_give_up_hours))


@dataclass
class Courier(Carrier[Lane]):
    """Sends what is due. ``chance`` yields numbers in [0, 1) for the jitter."""

    sender: Sender
    chance: Callable[[], float] = random.random

    @property
    def limit(self) -> int:
        """Cases at once per destination, as set."""
        return self.context.settings.webhook_concurrency

    def destination(self, piece: Lane) -> int:
        """Where the events of a lane go."""
        return piece.destination_id

    async def lease(self, connection: Any) -> Sequence[Lane]:
        """Lease lanes that are due, as many as each destination has room for."""
        room = self.room(await lanes.active_destinations(connection))
        if not room:
            return ()
        now = self.context.clock()
        return await lanes.claim(
            connection, room, now=now, until=now + self._lease, lease=uuid.uuid4()
        )

    async def carry(self, piece: Lane) -> None:
        """Send the events of a lane in their order, `TURN` at most."""
        for turn in range(1, TURN + 1):
            if not await self._send_head(piece, last=turn == TURN):
                return

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=self.sender.timeout_s) + LEASE_MARGIN

    async def _send_head(self, lane: Lane, *, last: bool) -> bool:
        """Send the oldest event of a lane; whether to go on with it."""
        head = await self._next(lane)
        if head is None:
            return False
        now = self.context.clock()
        signed = headers(head.event_id, head.body, head.keys(now), at=now)
        reply = await self.sender.send(head.url, head.body, signed)
        return await self._note(lane, head, reply, last=last)

    async def _next(self, lane: Lane) -> Head | None:
        """What to send now; a lane in which there is nothing to send is given back."""
        async with self.context.engines.pool.acquire() as connection, connection.transaction():
            return await lanes.head(connection, lane, now=self.context.clock())

    async def _note(self, lane: Lane, head: Head, reply: Reply, *, last: bool) -> bool:
        now = self.context.clock()
        outcome, due_at = self._judge(head, reply)
        go_on = outcome is Outcome.DELIVERED and not last
        if go_on:
            due_at = now + self._lease
        async with self.context.engines.pool.acquire() as connection, connection.transaction():
            held = await lanes.note(
                connection, lane, head, reply, outcome, due_at=due_at, keep=go_on, now=now
            )
        if outcome is not Outcome.DELIVERED:
            log.warning(
                "webhook_not_delivered",
                destination=lane.destination_id,
                outcome=outcome,
                failure=reply.failure,
                status=reply.status,
            )
        return go_on and held

    def _judge(self, head: Head, reply: Reply) -> tuple[Outcome, Any]:
        """What came of it, and when its lane is due next; never, while a dead letter is in it."""
        now = self.context.clock()
        if reply.arrived:
            return Outcome.DELIVERED, now
        if reply.gone:
            return Outcome.GONE, now
        due_at = next_try(
            head.attempts + 1,
            tried_since=head.tried_since or now,
            now=now,
            limit=give_up_of(self.context.settings),
            chance=self.chance(),
            asked_s=reply.asked_s,
        )
        return (Outcome.FAILED if due_at else Outcome.GIVEN_UP), due_at
