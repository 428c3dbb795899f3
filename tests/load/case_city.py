"""A database with millions of cases as a big city has them: departments, history, clocks, words.

Cases of two years, evenly; 55 of 100 answered at once, the others dispatched to one of 1,584
departments, few of which have the most. The texts are put together from some hundred subjects (the
more frequent the lower their number), streets, housing estates and wishes. Everything is made in
the database, in parts, with the indexes taken out meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Any

import aiosql
import asyncpg

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.migrate import migrate
from gateway.auth.passwords import hash_password
from tests.load.report import note
from tests.support.gateway import PASSWORD
from ticketing.tokens import index_text

_QUERIES: Any = aiosql.from_path(Path(__file__).with_suffix(".sql"), "asyncpg")

DAYS = 730
PART = 50_000
AT_ONCE = 2
TABLES = [
    "cases",
    "case_words",
    "case_departments",
    "case_history",
    "case_clocks",
    "case_clock_history",
]
# Of a server that has some memory for itself, as one for so many cases would.
SERVING = {"shared_buffers": "2GB", "random_page_cost": "1.1", "effective_cache_size": "8GB"}
_BUILDING = {
    **SERVING,
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "20GB",
    "maintenance_work_mem": "1GB",
    "autovacuum": "off",
}
OBJECTS = (
    *("路灯", "小区垃圾", "施工噪音", "井盖", "供水", "违章停车", "电梯", "公交线路", "下水道"),
    *("广场舞", "绿化带", "物业收费", "拖欠工资", "油烟", "共享单车", "占道经营", "充电桩", "供暖"),
    *("燃气", "健身器材", "流浪犬", "隔离栏", "信号灯", "积水", "扬尘", "墙面渗水", "楼道杂物"),
    *("快递柜", "门禁", "蚊虫", "学区划分", "医保报销", "居住证", "公积金", "退休手续", "驾照换证"),
    *("出租车", "地铁站", "河道", "旅游退费"),
)
FAULTS = (
    *("无人处理", "长期损坏", "影响出行", "存在安全隐患", "多次反映无果", "管理混乱", "夜间扰民"),
    *("未按时解决", "收费不合理", "需要协调"),
)
NAMES = "金鹏瑞祥鸿福锦绣盛景和顺泰安康宁嘉华丽苑翠湖御龙凤凰星月云天"
ROADS = (
    "淞发沪太共富长江同济友谊宝杨盘古月浦罗泾顾村刘行庙大场高境殷蕰藻浜真南华灵石泽丰翔桂银蕴川梅"
)
COMMON = "市民反映"


def subjects() -> list[str]:
    """What is wrong, the most frequent first."""
    return [what + fault for what, fault in product(OBJECTS, FAULTS)]


def roads() -> list[str]:
    """Streets and numbers."""
    return [f"{a}{b}路{n % 300 + 1}号" for n, (a, b) in enumerate(product(ROADS, repeat=2))]


def estates() -> list[str]:
    """Housing estates, some 30,000."""
    return [f"{a}{b}{c}公寓" for a, b, c in product(NAMES, repeat=3)]


def wishes() -> list[str]:
    """What is asked for."""
    wanted = ("尽快派人维修", "核实情况", "给予明确答复", "加强日常巡查", "依法查处")
    ways = ("", "并电话回复", "并公开进度", "限期整改", "今日内", "协调多部门", "请领导", "再次")
    return [f"希望有关部门{way}{what}。" for what, way in product(wanted, ways)]


def results() -> list[str]:
    """What was done."""
    done = ("已派人到场处理", "已约谈责任单位", "已列入改造计划", "经核实情况属实", "已解释政策")
    ends = [f"，第{n}批完成，市民表示认可。" for n in range(1, 11)]
    return [what + end for what, end in product(done, ends)]


def _parts(cases: int) -> Iterator[tuple[int, int]]:
    for first in range(1, cases + 1, PART):
        yield first, min(cases, first + PART - 1)


@asynccontextmanager
async def city_of(cases: int, home: Path) -> AsyncIterator[str]:
    """URL of a PostgreSQL with so many cases in ``home``, made unless they are there already."""
    complete = home / f"complete-{cases}"
    if not complete.exists():
        async with EmbeddedPostgres(home / "postgres", settings=_BUILDING) as server:
            await _build(server.dsn, cases)
        complete.touch()
    async with EmbeddedPostgres(home / "postgres", settings=SERVING) as server:
        yield server.dsn


async def _build(dsn: str, cases: int) -> None:
    await migrate(dsn)
    pool = await asyncpg.create_pool(
        dsn,
        min_size=AT_ONCE,
        max_size=AT_ONCE,
        command_timeout=None,
        # Neither the triggers of changes nor those of foreign keys: what is made is right.
        server_settings={"session_replication_role": "replica", "work_mem": "256MB", "jit": "off"},
    )
    async with pool:
        await _prepare(pool)
        indexes = await _take_out_indexes(pool)
        await _add_cases(pool, cases)
        await _QUERIES.add_clock_histories(pool)
        await _QUERIES.number_on(pool)
        await _side_by_side(pool, indexes)
        note("cases: vacuum")
        await pool.execute("vacuum analyze")
        note(f"cases: {cases} are there")


async def _prepare(pool: Any) -> None:
    await _QUERIES.add_tree(pool)
    await _QUERIES.add_categories(pool)
    await _QUERIES.add_people(pool, password_hash=await hash_password(PASSWORD))
    await _QUERIES.prepare(pool)
    said = {
        "subject": subjects(),
        "road": roads(),
        "estate": estates(),
        "wish": wishes(),
        "result": results(),
    }
    for part, texts in said.items():
        words = [index_text(text) for text in texts]
        await _QUERIES.add_said(pool, part=part, texts=texts, words=words)
    await _QUERIES.finish_said(pool)


async def _take_out_indexes(pool: Any) -> list[str]:
    """Drop them; how they are made again, the longest lasting first."""
    rows = [row async for row in _QUERIES.take_out_indexes(pool, tables=TABLES)]
    for row in rows:
        await pool.execute(f"drop index {row['indexname']}")
    return sorted((row["indexdef"] for row in rows), key=lambda sql: "USING gin" not in sql)


async def _add_cases(pool: Any, cases: int) -> None:
    """The newest of them are to be dispatched, some before these are being worked on."""
    registered_from = cases + 1 - min(15_000, cases // 10)
    open_from = registered_from - cases // 50
    common = " ".join(f"'{word}'" for word in sorted(set(index_text(COMMON).split())))
    parts, done = _parts(cases), 0

    async def add() -> None:
        nonlocal done
        for first, last in parts:
            await _QUERIES.add_cases(
                pool,
                first=first,
                last=last,
                all_cases=cases,
                open_from=open_from,
                registered_from=registered_from,
                days=DAYS,
                common=common,
            )
            done += last - first + 1
            if done % (5 * PART) == 0 or done == cases:
                note(f"cases: {done} of {cases} are written")

    await asyncio.gather(*(add() for _ in range(AT_ONCE)))


async def _side_by_side(pool: Any, statements: list[str]) -> None:
    waiting = iter(statements)

    async def run() -> None:
        for statement in waiting:
            await pool.execute(statement)
            note(f"cases: {statement.partition(' ON ')[0].lower()}")

    await asyncio.gather(*(run() for _ in range(AT_ONCE)))
