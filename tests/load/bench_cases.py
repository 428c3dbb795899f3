"""Pages, lists and searches over millions of cases, and how many are dispatched a second.

``python -m tests.load.bench_cases [CASES] [--keep DIR]``, or ``HOTLINE_BENCH_CASES=5000000``, for
which the aims are and which takes 40 GB for a while. With ``--keep`` the database stays in DIR and
is used again. The program serves HTTP in a process of its own; requests come one after another,
each about another case, caller, department or word.
"""

import argparse
import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice, repeat
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import asyncpg
from redis.asyncio import Redis

from deploy.embedded.redis import EmbeddedRedis
from gateway.auth import sessions
from gateway.users import list_users
from tests.load.bench_pop import watch_timers
from tests.load.case_city import FAULTS, OBJECTS, city_of, estates
from tests.load.process_cost import cpu_s, resident_mb
from tests.load.report import note, percentile, say
from tests.support.calls import seeded
from tests.support.gateway import Gateway, gateway_on

CASES = 200_000
AIM_MS = 100.0
AIM_DISPATCHED_PER_S = 200.0
AIM_MB = 300.0
REQUESTS = 300
WARM_UP = 20
DISPATCHING_S = 20.0
HANDS = 16
SESSION_S = 7200
CASE_PAGES = "/api/v1/cases"
SEARCH = f"{CASE_PAGES}/search"
REGISTERED = """
select case_no, version from cases where state = 'registered' order by case_id desc limit $1
"""
# Of each level, with few cases and with many.
DEPARTMENT_PEOPLE = (
    "dept-c",
    "dept-b1",
    "dept-b40",
    "dept-d1",
    "dept-d8",
    "dept-s8-12",
    "dept-v5-6-7",
)
CODES = ("C", "B1", "B40", "D1", "D8", "S1-1", "S8-12", "V1-1-1", "V5-6-7", "V8-12-15")


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks."""

    login: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None


@dataclass(slots=True)
class City:
    """The program on its database, and people who are logged in."""

    gateway: Gateway
    client: aiohttp.ClientSession
    tokens: dict[str, str]
    pool: "asyncpg.Pool[asyncpg.Record]"
    cases: int
    random: Random = field(default_factory=lambda: seeded(12345))

    @property
    def pid(self) -> int:
        """Of the gateway."""
        assert self.gateway.process is not None
        return self.gateway.process.pid

    async def ask(self, request: Request) -> float:
        """Milliseconds until the answer was read; fails when it is a refusal."""
        headers = {"X-Hotline": "1", "Cookie": f"{sessions.COOKIE}={self.tokens[request.login]}"}
        began = time.perf_counter()
        async with self.client.request(
            request.method, request.path, json=request.body, headers=headers
        ) as answer:
            text = await answer.text()
            assert answer.status == 200, (request, answer.status, text)
        return (time.perf_counter() - began) * 1e3

    async def some(self, column: str, count: int) -> list[str]:
        """Values of a column of random cases."""
        ids = self.random.sample(range(1, self.cases + 1), count)
        sql = f"select {column} from cases where case_id = any($1::bigint[])"  # noqa: S608  # fixed
        found = [row[0] for row in await self.pool.fetch(sql, ids)]
        self.random.shuffle(found)
        return found


@asynccontextmanager
async def running(cases: int, home: Path) -> AsyncIterator[City]:
    """Everything that is needed."""
    async with AsyncExitStack() as stack:
        dsn = await stack.enter_async_context(city_of(cases, home))
        redis = await stack.enter_async_context(EmbeddedRedis(home / "redis"))
        gateway = gateway_on(home, database=dsn, redis=redis.url, ami=None)
        gateway.arguments = ("run", "--role", "web")
        stack.push_async_callback(gateway.stop)
        await gateway.start()
        pool = await stack.enter_async_context(asyncpg.create_pool(dsn, min_size=1, max_size=1))
        client = await stack.enter_async_context(aiohttp.ClientSession(gateway.url))
        yield City(gateway, client, await log_in(pool, redis.url), pool, cases)


async def log_in(pool: Any, redis_url: str) -> dict[str, str]:
    """Sessions of everybody who asks, as the log-in starts them; login to session id."""
    wanted = {"chief", "agent8001", *DEPARTMENT_PEOPLE}
    async with Redis.from_url(redis_url, decode_responses=True) as redis, pool.acquire() as one:
        people = [user.person for user in await list_users(one) if user.person.login in wanted]
        return {
            person.login: await sessions.start(redis, person, lifetime_s=SESSION_S)
            for person in people
        }


def inboxes(city: City) -> Iterator[Request]:
    """What departments look at all day, and how much of it there is."""
    while True:
        login = city.random.choice(DEPARTMENT_PEOPLE)
        yield Request(login, "GET", f"{CASE_PAGES}?scope=inbox&limit=50")
        yield Request(login, "GET", "/api/v1/inbox")


def narrow_lists(city: City) -> Iterator[Request]:
    """A department with a category, in any state or one of them."""
    while True:
        code = city.random.choice(CODES)
        category = f"K{city.random.randint(1, 18)}"
        category += city.random.choice(("", "-1", "-6"))
        state = city.random.choice(("", "&state=handling", "&state=closed", "&state=withdrawn"))
        yield Request("chief", "GET", f"{CASE_PAGES}?department={code}&category={category}{state}")


def lit_lists(city: City) -> Iterator[Request]:
    """Of one light, all over the city, of a department, of a category."""
    while True:
        light = city.random.choice(("red", "yellow", "green"))
        narrow = city.random.choice(
            (*(f"&department={code}" for code in CODES), "&category=K18", "")
        )
        yield Request("chief", "GET", f"{CASE_PAGES}?light={light}{narrow}")


def frequent_words(city: City) -> Iterator[Request]:
    """Words of a tenth of all cases, alone and two together."""
    frequent = (*OBJECTS[:6], *FAULTS, "市民反映", "希望有关部门")
    while True:
        text = " ".join(city.random.sample(frequent, city.random.choice((1, 1, 2))))
        yield Request("agent8001", "POST", SEARCH, {"text": text})


def rare_words(city: City) -> Iterator[Request]:
    """The name of an estate, one of thousands; one of ten is nowhere."""
    names = estates()
    while True:
        name = city.random.choice(names)
        yield Request(
            "agent8001", "POST", SEARCH, {"text": name[::-1] if name[0] == "金" else name}
        )


def filtered_words(city: City) -> Iterator[Request]:
    """Words in one's own department, in a state, of a category, of a period."""
    while True:
        text = city.random.choice((*OBJECTS[:10], *OBJECTS[-5:]))
        login = city.random.choice(DEPARTMENT_PEOPLE)
        filters: dict[str, Any] = city.random.choice(
            (
                {},
                {"state": "handling"},
                {"state": "withdrawn"},
                {"category": "K1"},
                {"category": "K18-6"},
                {"opened_to": "2026-01-01T00:00:00Z"},
            )
        )
        yield Request(login, "POST", SEARCH, {"text": text, **filters})


async def measure(cases: int, home: Path) -> None:
    """All of it."""
    async with running(cases, home) as city:
        say(f"cases_{cases}_gateway_memory_at_rest", resident_mb(city.pid), "MB", {"aim": AIM_MB})
        numbers = await city.some("case_no", REQUESTS + WARM_UP)
        callers = await city.some("caller", REQUESTS + WARM_UP)
        asked: dict[str, Iterator[Request]] = {
            "of_no_case": repeat(Request("chief", "GET", "/api/v1/session")),
            "page": (Request("chief", "GET", f"{CASE_PAGES}/{number}") for number in numbers),
            "inbox": inboxes(city),
            "by_number": (
                Request("agent8001", "POST", SEARCH, {"number": caller}) for caller in callers
            ),
            "rare_words": rare_words(city),
            "frequent_words": frequent_words(city),
            "filtered_words": filtered_words(city),
            "narrow_list": narrow_lists(city),
            "lit_list": lit_lists(city),
        }
        for name, requests in asked.items():
            await report(city, name, requests)
        await dispatch(city)
        say(f"cases_{cases}_gateway_memory", resident_mb(city.pid), "MB", {"aim": AIM_MB})


async def report(city: City, name: str, requests: Iterator[Request]) -> None:
    """Milliseconds of one kind of request; `timer_p99`: what the machine itself adds."""
    for _ in range(WARM_UP):
        await city.ask(next(requests))
    late_ms: list[float] = []
    watching = asyncio.create_task(watch_timers(late_ms))
    took_ms = [(await city.ask(each), str(each)) for each in islice(requests, REQUESTS)]
    watching.cancel()
    note(f"cases: {name}: slowest {max(took_ms)}")
    times = [ms for ms, _ in took_ms]
    judged = {"aim": AIM_MS, "timer_p99": round(percentile(late_ms, 0.99), 1)}
    say(f"cases_{city.cases}_{name}_p50", percentile(times, 0.5), "ms", {"requests": REQUESTS})
    say(f"cases_{city.cases}_{name}_p99", percentile(times, 0.99), "ms", judged)


async def dispatch(city: City) -> None:
    """Dispatch registered cases at the rate that is aimed at, by several hands."""
    wanted = int(AIM_DISPATCHED_PER_S * DISPATCHING_S)
    waiting = iter(await city.pool.fetch(REGISTERED, wanted))
    took_ms: list[float] = []
    began, cpu = time.perf_counter(), cpu_s(city.pid)

    async def hand() -> None:
        for number, row in enumerate(waiting):
            due = began + len(took_ms) / AIM_DISPATCHED_PER_S
            await asyncio.sleep(due - time.perf_counter())
            code = CODES[number % len(CODES)]
            body = {"step": "dispatched", "version": row["version"], "department": code}
            path = f"{CASE_PAGES}/{row['case_no']}/steps"
            took_ms.append(await city.ask(Request("chief", "POST", path, body)))

    await asyncio.gather(*(hand() for _ in range(HANDS)))
    seconds = time.perf_counter() - began
    rate = len(took_ms) / seconds
    judged = {"aim": AIM_DISPATCHED_PER_S, "seconds": round(seconds, 1)}
    say(f"cases_{city.cases}_dispatched", rate, "cases/s", judged)
    say(f"cases_{city.cases}_dispatch_p50", percentile(took_ms, 0.5), "ms", {"hands": HANDS})
    say(f"cases_{city.cases}_dispatch_p99", percentile(took_ms, 0.99), "ms", {"hands": HANDS})
    cost_ms = (cpu_s(city.pid) - cpu) / len(took_ms) * 1e3
    say(f"cases_{city.cases}_gateway_cpu_per_dispatch", cost_ms, "ms")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", type=int, nargs="?")
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    cases = asked.cases or int(os.environ.get("HOTLINE_BENCH_CASES", CASES))
    if asked.keep is not None:
        asked.keep.mkdir(parents=True, exist_ok=True)
        asyncio.run(measure(cases, asked.keep))
        return
    with TemporaryDirectory(prefix="hl-bench-", dir="/tmp") as home:
        asyncio.run(measure(cases, Path(home)))


if __name__ == "__main__":
    main()
