"""C10: surge warnings are stored once each, end, are told of, and can be acknowledged."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from gateway.auth.roles import Role
from gateway.context import Context
from gateway.engines import Engines
from gateway.live import STREAM, LiveEvent
from gateway.readiness import Readiness
from gateway.roles.worker import REGULAR, worker
from gateway.settings import Settings
from gateway.surge_watch import watch_surges
from metrics.events import event_counts
from metrics.surges import open_surges
from tests.support.web import NOW, Hotline, running, until
from ticketing.surges.watch import Changes

SURGES = "/api/v1/surges"
CATEGORIES = """
with classes as (
  insert into categories (code, name, level) values ('01', '供水', 1), ('02', '市政', 1)
  returning category_id, level, code
)
insert into categories (code, name, level, parent_id)
select s.code, s.name, 2, c.category_id from classes c join (values
  ('0101', '停水', '01'), ('0102', '水压低', '01'), ('0201', '路灯', '02'), ('0202', '井盖', '02')
) s (code, name, parent) on s.parent = c.code
"""


@dataclass
class City:
    """Cases as they come in, and a clock that is set by hand."""

    pool: asyncpg.Pool
    context: Context
    now: datetime = NOW

    def __post_init__(self) -> None:
        self._numbers = count(1)

    async def cases(self, number: int, category: str | None = None, **more: Any) -> None:
        """So many cases, opened just now."""
        row = {"title": "其他诉求", "address": "", "confidential": False, "at": self.now} | more
        first = next(self._numbers) * 10_000
        await self.pool.execute(
            "insert into cases (case_no, kind, title, body, address, confidential, state,"
            " opened_by, opened_at, category_id) select '20261123-' || $6 + n, 'help', $1, '详情',"
            " $2, $3, 'registered', (select min(user_id) from users), $4,"
            " (select category_id from categories where code = $5)"
            " from generate_series(1, $7::int) n",
            *row.values(),
            category,
            first,
            number,
        )

    async def watch(self, minutes: float = 0) -> Changes:
        """Some minutes later a worker looks."""
        self.now += timedelta(minutes=minutes)
        changes = await watch_surges(self.context)
        assert changes is not None
        return changes

    async def stored(self) -> list[dict[str, Any]]:
        rows = await self.pool.fetch(
            "select s.*, k.code from surges s left join categories k using (category_id)"
            " order by surge_id"
        )
        return [dict(row) for row in rows]


@pytest.fixture
async def city(pool: asyncpg.Pool, redis: Redis, database_dsn: str) -> City:
    await pool.execute(CATEGORIES)
    await pool.execute(
        "insert into users (login, password_hash, role, display_name) values"
        " ('chief', 'x', 'supervisor', '王')"
    )
    engines = Engines(dsn=database_dsn, pool=pool, redis=redis)
    settings = Settings(surge_windows_min=(60,))
    made: list[City] = []
    context = Context(settings, engines, Readiness(), clock=lambda: made[0].now)
    made.append(City(pool, context))
    return made[0]


def words(changes: Changes) -> tuple[list[str], list[str]]:
    begun = [s.category.code if s.category else str(s.place) for s in changes.begun]
    ended = [s.category.code if s.category else str(s.place) for s in changes.ended]
    return sorted(begun), sorted(ended)


async def test_share_begins_goes_on_and_ends_once(city: City) -> None:
    await city.cases(150)
    await city.cases(9, "0101")
    assert words(await city.watch()) == ([], [])
    await city.cases(9, "0101")
    assert words(await city.watch(1)) == (["01", "0101"], [])
    assert words(await city.watch(1)) == ([], [])
    await city.cases(12, "0101")
    assert words(await city.watch(10)) == ([], [])
    assert words(await city.watch(20)) == ([], [])  # not for long enough
    (whole, part) = await city.stored()
    assert (whole["level"], whole["code"], part["level"], part["code"]) == (
        "class",
        "01",
        "subclass",
        "0101",
    )
    assert (part["cases"], part["total"]) == (30, 180)
    assert (part["peak_cases"], part["peak_total"]) == (30, 180)
    assert part["peak_at"] == NOW + timedelta(minutes=12)
    await city.cases(2000)
    assert words(await city.watch(1)) == ([], [])
    assert words(await city.watch(28)) == ([], [])
    assert words(await city.watch(1)) == ([], ["01", "0101"])
    assert words(await city.watch(1)) == ([], [])
    (whole, part) = await city.stored()
    assert part["ended_at"] == part["seen_at"] == NOW + timedelta(minutes=32)


async def test_three_cases_at_night_and_confidential_ones(city: City) -> None:
    await city.cases(3, "0101")
    assert words(await city.watch()) == ([], [])
    await city.cases(50, "0101", confidential=True)
    assert words(await city.watch()) == ([], [])


async def test_cluster_grows_and_is_one(city: City) -> None:
    await city.cases(4, "0201", title="路灯不亮", address="东区人民路18号")
    await city.cases(9, title="路灯不亮", address="东区人民路18号", confidential=True)
    assert words(await city.watch()) == ([], [])
    await city.cases(2, "0201", title="路灯损坏", address="人民路18号")
    (surge,) = (await city.watch(1)).begun
    assert (surge.level, surge.place, surge.words) == ("cluster", "人民路18号", ("路灯", "灯不亮"))
    assert surge.category is not None
    assert surge.category.name == "路灯"
    assert (surge.cases, len(surge.members)) == (6, 6)
    await city.cases(3, "0201", title="路灯坏了", address="东区人民路18号")
    assert words(await city.watch(100)) == ([], [])
    (row,) = await city.stored()
    assert (row["cases"], row["peak_cases"], row["words"]) == (9, 9, ["路灯"])
    assert await city.pool.fetchval("select count(*) from surge_cases") == 9
    assert words(await city.watch(150)) == ([], ["0201"])


async def test_workers_at_once_store_it_once(city: City) -> None:
    await city.cases(20, "0101")
    looks = await asyncio.gather(*(watch_surges(city.context) for _ in range(4)))
    begun = [len(changes.begun) for changes in looks if changes is not None]
    assert sum(begun) == 2
    assert len(await city.stored()) == 2
    told = await city.pool.fetch("select payload from pgqueuer where entrypoint = 'tell'")
    events = [LiveEvent.from_json(row["payload"]) for row in told]
    assert sorted(event.event_id for event in events) == ["surge.started:1", "surge.started:2"]
    (whole,) = (event.data for event in events if event.data["level"] == "class")
    assert whole == {
        "surge_id": whole["surge_id"],
        "level": "class",
        "window_minutes": 60,
        "category": {"code": "01", "name": "供水"},
        "place": None,
        "words": [],
        "cases": 20,
        "total": 20,
    }
    counts = await event_counts(city.pool, NOW.date(), NOW.date())
    assert counts.by_subject("surge.started") == {"class": 1, "subclass": 1}
    assert await open_surges(city.pool) == {"class": 1, "subclass": 1}


async def test_worker_looks_by_itself_and_the_pages_are_told(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(REGULAR, watch_surges, "* * * * * */1")
    await city.cases(20, "0101")

    async def told() -> bool:
        entries: Any = await city.context.engines.redis.xrange(STREAM)
        names = [LiveEvent.from_json(fields["e"]).name for _, fields in entries]
        return names.count("surge.started") == 2

    async with running(worker(city.context)):
        await until(told, within_s=20)


async def test_http(hotline: Hotline, city: City) -> None:
    await city.cases(6, "0201", title="路灯不亮", address="东区人民路18号")
    await city.cases(12, "0101")
    await city.watch()
    chief = await hotline.supervisor()
    status, answer = await chief.json("GET", SURGES)
    assert status == 200
    assert answer["ended"] == []
    by_level = {surge["level"]: surge for surge in answer["open"]}
    assert set(by_level) == {"class", "subclass", "cluster"}
    cluster = by_level["cluster"]
    assert (cluster["place"], cluster["words"], cluster["cases"]) == (
        "人民路18号",
        ["灯不亮"],
        6,
    )
    assert len(cluster["members"]) == 6
    assert by_level["subclass"]["category"] == {"code": "0101", "name": "停水"}
    path = f"{SURGES}/{cluster['surge_id']}/acknowledge"
    for _ in range(2):  # the same person may say it again
        status, answer = await chief.json("POST", path)
        assert (status, answer["acknowledged_by"]) == (200, "supervisor")
    other = await hotline.browser(await hotline.add_user(Role.SUPERVISOR, "deputy"))
    status, problem = await other.json("POST", path)
    assert (status, problem["detail"]) == (409, "supervisor已确认这条预警")
    status, problem = await other.json("POST", f"{SURGES}/999999/acknowledge")
    assert (status, problem["detail"]) == (404, "没有这条预警")
    await city.watch(500)
    await city.watch(31)
    _, answer = await chief.json("GET", SURGES, params={"limit": 2})
    assert (answer["open"], len(answer["ended"])) == ([], 2)
    before = answer["ended"][-1]["started_at"]
    _, answer = await chief.json("GET", SURGES, params={"before": before})
    assert answer["ended"] == []
    status, problem = await chief.json("GET", SURGES, params={"limit": 0})
    assert status == 422
    agent = await hotline.agent()
    assert (await agent.json("GET", SURGES))[0] == 403
