"""A dispatch suggestion and a look for surges, after a day of 100,000 cases (C10, C12).

``python -m tests.load.bench_suggest [CASES]``. The cases are made up (`tests.support.corpus`), all
of one day, which is the most that a look for surges ever reads. The model is made as in the night:
by the process that the worker starts. Suggestions are asked one after another of a process that
does nothing else, each with what it reads and stores in PostgreSQL.
"""

import asyncio
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import psutil
from redis.asyncio import Redis

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.migrate import migrate
from gateway.context import Context
from gateway.dispatch_adviser import Adviser
from gateway.engines import Engines
from gateway.http.dispatch_suggestion_api import shown_of
from gateway.logs import configure_logs
from gateway.readiness import Readiness
from gateway.settings import Settings
from gateway.suggestion_training import train_if_due
from gateway.surge_watch import watch_surges
from tests.load.process_cost import resident_mb
from tests.load.report import note, percentile, say
from tests.support.corpus import make_cases
from tests.support.corpus_city import build_city, store_cases
from ticketing.dispatch_suggestion.features import CaseText
from ticketing.dispatch_suggestion.store import TARGETS, newest_model, note_shown

CASES = 100_000
ASKED = 1000
LOOKS = 5
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
MOST_MB = {"aim": 300}
SAMPLE_S = 0.05


async def fill(pool: Any, cases: int) -> None:
    """A city, and its cases of the past day."""
    async with pool.acquire() as connection:
        ids = await build_city(connection)
        spacing = timedelta(days=1) / cases
        await store_cases(connection, make_cases(cases), ids, NOW, spacing=spacing)
        await connection.execute("vacuum analyze cases")


async def train(context: Context) -> None:
    """Time, memory and accuracy of the nightly training."""
    start, peak_mb = time.perf_counter(), 0.0
    training = asyncio.create_task(train_if_due(context))
    while not training.done():
        for child in psutil.Process().children(recursive=True):
            if "gateway.suggestion_trainer" in command_of(child):
                with suppress(OSError, LookupError):  # it has just ended
                    peak_mb = max(peak_mb, resident_mb(child.pid))
        await asyncio.wait([training], timeout=SAMPLE_S)
    came = training.result()
    if came is None or came.outcome != "trained":
        raise SystemExit(f"no model was made: {came}")
    say("suggest_training", time.perf_counter() - start, "s")
    say("suggest_training_rss_peak", peak_mb, "MB", MOST_MB)


def command_of(process: psutil.Process) -> list[str]:
    """How a process was started; nothing of one that is gone."""
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


async def tell_accuracy(pool: Any) -> None:
    """Figures of the held-out cases."""
    model = await newest_model(pool)
    assert model is not None
    for target in TARGETS:
        found = model.measured[target]
        say(f"suggest_{target}_top1", 100 * found["first"] / found["cases"], "%")
        say(f"suggest_{target}_top3", 100 * found["among"] / found["cases"], "%")
    size = await pool.fetchval("select length(content) from suggestion_models")
    say("suggest_model_size", size / 1024, "KB")


async def ask(context: Context) -> None:
    """Time of a suggestion, and the memory that it takes to serve them."""
    adviser, took_ms = Adviser(), []
    pool, me = context.engines.pool, psutil.Process().pid
    texts = [
        CaseText(case.title, case.body, case.address)
        for case in islice(make_cases(ASKED * 2, seed=7), ASKED)
    ]
    user_id = await pool.fetchval("select min(user_id) from users")
    before_mb, used_s = resident_mb(me), time.process_time()
    for text in texts:
        start = time.perf_counter()
        async with pool.acquire() as connection:
            advice = await adviser.advise(connection, text)
            if advice is not None:
                shown = shown_of(advice, context.settings)
                await note_shown(connection, shown, asked_by=user_id, at=NOW, replaces=None)
        took_ms.append(1000 * (time.perf_counter() - start))
    say("suggest_cpu", 1000 * (time.process_time() - used_s) / ASKED, "ms")
    say("suggest_first", took_ms[0], "ms")
    for share in (0.5, 0.99):
        say(f"suggest_p{share * 100:.0f}", percentile(took_ms[1:], share), "ms", {"aim": 100})
    say("suggest_serving_rss_added", resident_mb(me) - before_mb, "MB")


async def look(context: Context) -> None:
    """Time of a look for surges."""
    took_s, used_s = [], time.process_time()
    for _ in range(LOOKS):
        start = time.perf_counter()
        await watch_surges(context)
        took_s.append(time.perf_counter() - start)
    say("surge_look_cpu", (time.process_time() - used_s) / LOOKS, "s")
    say("surge_look_first", took_s[0], "s")
    say("surge_look_max", max(took_s[1:]), "s", {"aim": 10})


async def bench(cases: int) -> None:
    """Measure and tell."""
    with TemporaryDirectory(prefix="hl-bench-", dir="/tmp") as home:
        async with EmbeddedPostgres(Path(home)) as server:
            await migrate(server.dsn)
            async with asyncpg.create_pool(server.dsn, min_size=1, max_size=4) as pool:
                note(f"{cases} cases")
                await fill(pool, cases)
                engines = Engines(dsn=server.dsn, pool=pool, redis=Redis())
                context = Context(Settings(), engines, Readiness(), clock=lambda: NOW)
                await train(context)
                await tell_accuracy(pool)
                await ask(context)
                await look(context)


if __name__ == "__main__":
    configure_logs()
    asyncio.run(bench(int(sys.argv[1]) if len(sys.argv) > 1 else CASES))
