"""C9: whatever two workers, two destinations and their failures do, order per case holds."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.webhooks import (
    INSIDE,
    OK,
    PostOffice,
    answer,
    in_order,
    post_office,
    receiving,
)
from ticketing.case import Case

CASES, EXAMPLES = 3, 12
ANSWERS = {"ok": OK, "error": answer(500), "hang up": b"", "busy": answer(503, "Retry-After: 60")}
SAYS = st.lists(st.sampled_from(sorted(ANSWERS)), max_size=12)
# Which case something happens to, or a worker takes its turn.
DEEDS = st.lists(st.one_of(st.integers(0, CASES - 1), st.just("work")), min_size=3, max_size=15)


async def live(office: PostOffice, deeds: list[Any], scripts: tuple[list[str], list[str]]) -> None:
    """Let everything happen, and look at what arrived."""
    await office.pool.execute(
        "truncate webhook_destinations, webhook_events, webhook_deliveries, webhook_lanes,"
        " webhook_attempts"
    )
    async with receiving() as one, receiving() as other:
        receivers, couriers = (one, other), (office.courier(), office.courier())
        for receiver, script in zip(receivers, scripts, strict=True):
            receiver.script = [ANSWERS[each] for each in script]
            await office.destination(receiver.url)
        opened: dict[int, Case] = {}
        async with asyncio.TaskGroup() as tasks:
            for deed in deeds:
                if deed == "work":
                    for courier in couriers:
                        await courier.begin(tasks)
                elif deed in opened:
                    await office.note(opened[deed])
                else:
                    opened[deed] = await office.open()
        await office.until_arrived()
    happened = await office.pool.fetchval("select count(*) from webhook_events")
    for receiver in receivers:
        assert len(receiver.accepted) == happened
        assert in_order(receiver.accepted)
        assert len({one.body for one in receiver.received}) == happened
        accepted = [one for one in receiver.received if one.accepted]
        assert len(accepted) == happened  # nobody died, so nothing came again once accepted


async def open_office(dsn: str, stack: AsyncExitStack) -> PostOffice:
    making = asyncpg.create_pool(dsn, min_size=1, max_size=6)
    pool = await stack.enter_async_context(making)
    return await stack.enter_async_context(post_office(pool, None, dsn, INSIDE))


async def test_order_per_case(database_dsn: str) -> None:
    def run() -> None:
        with asyncio.Runner() as runner:
            stack = AsyncExitStack()
            office = runner.run(open_office(database_dsn, stack))

            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(deeds=DEEDS, scripts=st.tuples(SAYS, SAYS))
            def lives(deeds: list[Any], scripts: tuple[list[str], list[str]]) -> None:
                runner.run(live(office, deeds, scripts))

            try:
                lives()
            finally:
                runner.run(stack.aclose())

    await asyncio.to_thread(run)
