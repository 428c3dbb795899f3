"""The list of cases page by page to its end, as rows of a sheet."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.http.actors import actor_of, as_problems
from gateway.http.case_sight import caller_shown, case_for
from gateway.http.endpoint import Inquiry
from gateway.sheets.writing import Row
from ticketing import case_lists
from ticketing.case import Case, Named
from ticketing.case_lists import Wanted
from ticketing.clocks.lights import Light
from ticketing.clocks.lists import lit_cases
from ticketing.clocks.working_time import CITY
from ticketing.imports.rows import KINDS
from ticketing.words import STATES

PAGE = 500
TITLES = (
    "编号", "诉求类型", "标题", "内容", "地址", "状态", "分类代码", "分类", "主办部门代码",
    "主办部门", "协办部门", "来电号码", "保密", "登记人", "登记时间", "办结时间", "办理结果",
)  # fmt: skip
_KIND_WORDS = {kind: word for word, kind in KINDS.items()}
_INSTANT = timedelta(microseconds=1)  # what PostgreSQL tells apart


async def case_pages(
    inquiry: Inquiry[Any, Any], wanted: Wanted, light: Light | None, after: str | None
) -> AsyncIterator[list[Row]]:
    """Rows of up to ``wanted.limit`` cases; where there are more, the last row says so.

    The database is asked for each page anew. Raises the `Problem` for what cannot be asked for.
    """
    pages = _newest(inquiry, wanted) if light is None else _lit(inquiry, wanted, light, after)
    left = wanted.limit
    async for page in pages:
        yield [_row(case, inquiry) for case in page[:left]]
        if len(page) > left:
            yield [(f"只导出了前{wanted.limit}条，其余请缩小范围再导出",)]
            return
        left -= len(page)


async def _newest(inquiry: Inquiry[Any, Any], wanted: Wanted) -> AsyncIterator[list[Case]]:
    """Newest first. Lists go on by time alone: those of the last instant of a page come again."""
    before, told, length = wanted.before, set[int](), PAGE
    while True:
        part = replace(wanted, before=before, limit=length)
        async with inquiry.services.database() as connection:
            with as_problems():
                page = await case_lists.list_cases(connection, part, actor_of(inquiry.person))
        fresh = [case for case in page if case.case_id not in told]
        if fresh:
            yield fresh
        if len(page) < length:
            return
        last = page[-1].opened_at
        told = {case.case_id for case in page if case.opened_at == last}
        length = PAGE + len(told)
        before = last + _INSTANT


async def _lit(
    inquiry: Inquiry[Any, Any], wanted: Wanted, light: Light, after: str | None
) -> AsyncIterator[list[Case]]:
    """By deadline, the soonest first."""
    part, now, person = replace(wanted, limit=PAGE), inquiry.services.clock(), inquiry.person
    async with inquiry.services.database() as connection:
        last = None if after is None else await case_for(connection, person, after)
    while True:
        async with inquiry.services.database() as connection:
            with as_problems():
                page = await lit_cases(
                    connection, light, part, actor_of(person), now=now, after=last
                )
        yield page
        if len(page) < PAGE:
            return
        last = page[-1]


def _row(case: Case, inquiry: Inquiry[Any, Any]) -> Row:
    return (
        case.case_no,
        _KIND_WORDS[case.kind],
        case.title,
        case.body,
        case.address,
        STATES[case.state],
        _code(case.category),
        _name(case.category),
        _code(case.lead),
        _name(case.lead),
        "、".join(each.name for each in case.assisting),
        caller_shown(case, inquiry.person),
        "是" if case.confidential else "否",
        case.opened_by,
        _time(case.opened_at),
        _time(case.closed_at),
        case.result,
    )


def _code(named: Named | None) -> str:
    return named.code if named else ""


def _name(named: Named | None) -> str:
    return named.name if named else ""


def _time(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(CITY):%Y-%m-%d %H:%M:%S}"
