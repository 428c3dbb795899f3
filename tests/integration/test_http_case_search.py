"""Finding cases over HTTP (C1): by words, numbers and case numbers, each as far as one may see."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.case_words import keep_words_of_cases
from gateway.context import Context
from gateway.engines import Engines
from tests.support.case_town import CASES, Town
from tests.support.web import NOW
from ticketing.lifecycle import CaseState
from ticketing.search import word_walk

SEARCH = f"{CASES}/search"


async def found(town: Town, who: str, **question: Any) -> list[str]:
    status, answer = await town.people[who].json("POST", SEARCH, json=question)
    assert status == 200, answer
    return [case["title"] for case in answer["cases"]]


async def test_words_of_title_text_address_and_result(town: Town) -> None:
    await town.open(CaseState.CLOSED, title="灯", address="幸福里小区东门")
    await town.open(title="井盖丢失", body="淞发路口的井盖不见了")
    assert await found(town, "agent", text="路灯") == ["灯"]
    assert await found(town, "agent", text="幸福里 路灯") == ["灯"]
    assert await found(town, "agent", text="已修复") == ["灯"]
    assert await found(town, "agent", text="淞发路") == ["井盖丢失"]
    assert await found(town, "agent", text="路灯 井盖") == []
    assert await found(town, "agent", text="东门", state="closed", department="C1") == ["灯"]
    assert await found(town, "agent", text="东门", state="registered") == []
    assert await found(town, "agent", text="井盖", scope="mine") == ["井盖丢失"]
    assert await found(town, "supervisor", text="井盖", scope="mine") == []
    later = (NOW + timedelta(seconds=1)).isoformat()
    assert await found(town, "agent", text="井盖", opened_from=later) == []
    assert await found(town, "agent", text="井盖", opened_to=later) == ["井盖丢失"]


async def test_category_of_a_case_goes_with_its_words(town: Town) -> None:
    admin = town.people["administrator"]
    for form in (
        {"code": "K1", "name": "市政"},
        {"code": "K11", "name": "路灯", "parent": "K1"},
        {"code": "K12", "name": "井盖", "parent": "K1"},
    ):
        assert (await admin.json("POST", "/api/v1/categories", json=form))[0] == 201
    case = await town.open(title="井盖丢失", category="K11")
    assert await found(town, "agent", text="井盖", category="K1") == ["井盖丢失"]
    assert await found(town, "agent", text="井盖", category="K12") == []
    await town.does("agent", case, step="dispatched", department="D1", category="K12")
    assert await found(town, "agent", text="井盖", category="K12") == ["井盖丢失"]
    assert await found(town, "agent", text="井盖", category="K11") == []
    assert await found(town, "agent", text="井盖", category="K12", department="D1") == ["井盖丢失"]
    query = "category=K12&department=D1&state="
    for state, listed in (("dispatched", 1), ("closed", 0)):
        _, rows = await town.people["agent"].json("GET", f"{CASES}?{query}{state}")
        assert len(rows) == listed


@pytest.mark.parametrize("newest", [1000, 1])  # cases that are looked up one by one before others
async def test_nobody_finds_what_he_does_not_see(
    town: Town, newest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketing.search.finding.NEWEST", newest)
    call_id = await town.hotline.store_call("1.1", "1001", caller="13800138000")
    await town.open(CaseState.DISPATCHED, title="保密的", confidential=True, call_id=call_id)
    await town.open(CaseState.DISPATCHED, title="公开的")
    seen = {who: await found(town, who, text="路灯") for who in town.people}
    both, public = ["公开的", "保密的"], ["公开的"]
    assert seen == {
        "above": public,
        "lead": both,
        "assisting": both,
        "other": [],
        "below": [],
        "agent": both,
        "supervisor": both,
        "administrator": public,
    }
    stranger = await town.hotline.agent("1002")
    for question in ({"text": "路灯"}, {"number": "13800138000"}):
        _, answer = await stranger.json("POST", SEARCH, json=question)
        assert [case["title"] for case in answer["cases"]] == (
            ["公开的"] if "text" in question else []
        )


@pytest.mark.parametrize("few", [1000, 0])  # cases that are looked up one by one
async def test_how_a_case_came_goes_with_every_other_filter(
    town: Town, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the list, by light, by words: of each case what the others say, too."""
    for name in ("ticketing.case_walks.FEW", "ticketing.clocks.lists.FEW"):
        monkeypatch.setattr(name, few)
    monkeypatch.setattr("ticketing.search.finding.NEWEST", few or 1)
    for source in ("letter", "visit", "phone"):
        await town.open(title=f"{source} registered", source=source)
        await town.open(CaseState.DISPATCHED, title=f"{source} dispatched", source=source)
        hidden = {"title": f"{source} hidden", "source": source, "confidential": True}
        await town.open(CaseState.DISPATCHED, **hidden)
    every = ("hidden", "dispatched", "registered")
    for who, filters, expected in (
        ("agent", {}, every),
        ("agent", {"scope": "mine"}, every),
        ("agent", {"state": "dispatched"}, every[:2]),
        ("agent", {"department": "D1"}, every[:2]),
        ("agent", {"department": "D1", "scope": "mine", "state": "dispatched"}, every[:2]),
        ("agent", {"state": "closed"}, ()),
        ("administrator", {}, every[1:]),
        ("lead", {}, every[:2]),
        ("above", {}, every[1:2]),
        ("other", {}, ()),
    ):
        for source in ("letter", "phone"):
            asked = {**filters, "source": source}
            titles = [f"{source} {each}" for each in expected]
            assert await found(town, who, text="路灯", **asked) == titles, (who, asked)
            for query, order in ((asked, titles), ({**asked, "light": "green"}, sorted(titles))):
                status, rows = await town.people[who].json("GET", CASES, params=query)
                assert (status, [row["title"] for row in rows]) == (200, order), (who, query)


async def test_a_number_typed_in_full_finds_its_cases_masked(town: Town) -> None:
    call_id = await town.hotline.store_call("1.1", "1001", caller="013800138000")
    await town.open(title="来电", call_id=call_id)
    await town.open(title="无号码")
    agent = town.people["agent"]
    for typed in ("13800138000", "+86 138-0013-8000"):
        status, answer = await agent.json("POST", SEARCH, json={"number": typed})
        assert status == 200
        (case,) = answer["cases"]
        assert (case["title"], case["caller"]) == ("来电", "013*****8000")
    assert await found(town, "supervisor", number="1380013800") == []
    for who in ("administrator", "lead"):
        status, problem = await town.people[who].json(
            "POST", SEARCH, json={"number": "13800138000"}
        )
        assert (status, problem["detail"]) == (403, "您的角色不能按来电号码查找工单")
    acts = await town.hotline.pool.fetch(
        "select actor, detail::text from audit_log where action = 'case.search_number' order by at"
    )
    assert [act["actor"] for act in acts] == ["agent1001", "agent1001", "supervisor"]
    assert "138" not in str(acts)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("13800138000", "+8613800138000"),
        ("+86 138 0013 8000", "013800138000"),
        ("8613800138000", "13800138000"),
        ("013800138000", "13800138000"),
        ("021-6234 5678", "02162345678"),
        ("（021）62345678", "+862162345678"),
        ("+862162345678", "02162345678"),
        ("62345678", "62345678"),
    ],
)
async def test_a_number_is_found_however_it_was_dialled(
    town: Town, typed: str, number: str
) -> None:
    call_id = await town.hotline.store_call("1.1", "1001", caller=number)
    await town.open(title="来电", call_id=call_id)
    assert await found(town, "agent", number=typed) == ["来电"]


async def test_a_case_number_finds_the_case(town: Town) -> None:
    case = await town.open(confidential=True)
    assert await found(town, "agent", case_no=case["case_no"]) == ["路灯不亮"]
    assert await found(town, "administrator", case_no=case["case_no"]) == []
    assert await found(town, "agent", case_no="20261123-99999") == []


async def words_are_kept(town: Town) -> None:
    """A worker comes by."""
    engines = Engines(pool=town.hotline.pool, redis=town.hotline.redis, dsn="")
    context = Context(town.hotline.settings, engines, town.hotline.services.readiness)
    assert await keep_words_of_cases(context) > 0
    assert await keep_words_of_cases(context) == 0
    for table in ("case_words_due", "case_words_backlog"):
        assert await town.hotline.pool.fetchval(f"select count(*) from {table}") == 0  # noqa: S608  # fixed


async def test_words_follow_texts_that_were_written_in_another_way(town: Town) -> None:
    pool = town.hotline.pool
    await town.open(title="改动的")
    await town.open(title="以前的")
    await pool.execute("update cases set body = '井盖丢失' where title = '改动的'")
    await pool.execute("delete from case_words where case_id = 2")
    await pool.execute("insert into case_words_backlog values (3)")
    assert await found(town, "agent", text="路灯") == ["改动的"]
    await words_are_kept(town)
    assert await found(town, "agent", text="路灯") == ["以前的"]
    assert await found(town, "agent", text="井盖") == ["改动的"]


@pytest.mark.parametrize(
    ("question", "field", "sentence"),
    [
        ({}, "", "必须且只能填写一项"),
        ({"text": "路灯", "number": "13800138000"}, "", "必须且只能填写一项"),
        ({"text": "！？"}, "text", "请输入要查找的文字"),
        ({"text": "水"}, "text", "请至少输入两个相连的字"),
        ({"text": "长" * 101}, "text", "最多 100 个字"),
        ({"number": "  -"}, "number", ""),
        ({"number": "138****8000"}, "number", "格式不正确"),
        ({"case_no": "1"}, "case_no", "格式不正确"),
        ({"text": "路灯", "category": "X"}, "category", "没有代码为X的分类"),
        ({"text": "路灯", "light": "red"}, "light", ""),
    ],
)
async def test_questions_that_are_none(
    town: Town, question: dict[str, Any], field: str, sentence: str
) -> None:
    status, problem = await town.people["agent"].json("POST", SEARCH, json=question)
    assert (status, problem["errors"][0]["field"]) == (422, field), problem
    assert sentence in problem["errors"][0]["message"]


async def test_pages_go_back_through_all_cases(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the windows are cut, each case with the words is found once."""
    monkeypatch.setattr(word_walk, "CROWDED", 2)
    monkeypatch.setattr(word_walk, "MOST", 9)
    pool = town.hotline.pool
    await pool.execute(
        "insert into cases (case_no, kind, title, body, state, opened_by, opened_at)"
        " select '20200101-' || 10000 + n, 'help', n::text, '路灯不亮', 'registered', u.user_id,"
        " $1::timestamptz - n * n * interval '1 hour' - n * interval '7 days'"
        " from generate_series(0, 59) n, users u where u.login = 'agent1001'",
        NOW,
    )
    await words_are_kept(town)
    titles: list[str] = []
    question: dict[str, Any] = {"text": "路灯", "limit": 7}
    for _ in range(40):
        _, answer = await town.people["agent"].json("POST", SEARCH, json=question)
        titles += [case["title"] for case in answer["cases"]]
        if answer["more_before"] is None:
            break
        question["before"] = answer["more_before"]
    assert titles == [str(n) for n in range(60)]
