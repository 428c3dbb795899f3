"""C12: a model is made at night in a process of its own, proposes, and is measured."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from gateway.auth.roles import Role
from gateway.context import Context
from gateway.engines import Engines
from gateway.readiness import Readiness
from gateway.settings import Settings
from gateway.suggestion_trainer import LOCK
from gateway.suggestion_training import train_if_due
from tests.support.corpus import make_cases
from tests.support.corpus_city import build_city, store_cases
from tests.support.postgres import administer, copied_database, with_database
from tests.support.web import Browser, Hotline
from ticketing.dispatch_suggestion import store
from ticketing.dispatch_suggestion.errors import ModelInvalidError

NIGHT = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)  # three o'clock in the city
CASES = 2500
SUGGESTIONS = "/api/v1/dispatch-suggestions"
THEFT = {
    "title": "阳光花园电动车被偷",
    "body": "市民来电反映，楼下的电动车被偷，旁边是一家饭店，家里有老人，希望尽快处理。",
    "address": "东区人民路18号阳光花园",
}


def context_of(pool: asyncpg.Pool, redis: Redis, dsn: str, now: datetime, **more: Any) -> Context:
    engines = Engines(dsn=dsn, pool=pool, redis=redis)
    return Context(Settings(**more), engines, Readiness(), clock=lambda: now)


@pytest.fixture(scope="session")
def taught_database(postgres_server: str, template_database: str) -> Iterator[str]:
    """Name of a database whose city has had cases, and learnt from them once."""
    name = f"{template_database}_taught"

    async def teach() -> None:
        await administer(postgres_server, f"create database {name} template {template_database}")
        dsn = with_database(postgres_server, name)
        async with asyncpg.create_pool(dsn, min_size=1, max_size=2) as pool:
            async with pool.acquire() as connection:
                ids = await build_city(connection)
                await store_cases(connection, make_cases(CASES), ids, NIGHT)
            training = await train_if_due(context_of(pool, Redis(), dsn, NIGHT))
            assert training is not None
            assert (training.outcome, training.detail) == ("trained", "")

    with asyncio.Runner() as runner:
        runner.run(teach())
        yield name
        runner.run(administer(postgres_server, f"drop database {name} with (force)"))


@pytest.fixture
async def database_dsn(postgres_server: str, taught_database: str) -> AsyncIterator[str]:
    async for dsn in copied_database(postgres_server, taught_database):
        yield dsn


@dataclass
class Form:
    """What an agent writes, and what is proposed."""

    agent: Browser

    async def asks(self, status: int = 200, **more: Any) -> Any:
        answered, answer = await self.agent.json("POST", SUGGESTIONS, json=THEFT | more)
        assert answered == status, answer
        return answer

    async def opens(self, status: int = 201, **more: Any) -> Any:
        form = {"kind": "complaint"} | THEFT | more
        answered, answer = await self.agent.json("POST", "/api/v1/cases", json=form)
        assert answered == status, answer
        return answer


async def test_measured_on_what_it_has_not_seen(pool: asyncpg.Pool) -> None:
    """What there is to be known of the made-up cases is found: see docs/suggestions.md."""
    model = await store.newest_model(pool)
    assert model is not None
    assert (model.case_count, model.trained_at) == (CASES, NIGHT)
    category, department = model.measured["category"], model.measured["department"]
    assert category["cases"] == department["cases"] == CASES / 10
    assert category["first"] / category["cases"] > 0.7
    assert category["among"] / category["cases"] > 0.75
    assert department["first"] / department["cases"] > 0.5
    assert department["among"] / department["cases"] > 0.6
    for figures in (category, department):
        sure = [band for band in figures["bands"] if band["from"] >= 0.8]
        right, cases = (sum(band[name] for band in sure) for name in ("right", "cases"))
        assert right / cases > 0.8


async def test_proposal_and_what_is_chosen(hotline: Hotline) -> None:
    form = Form(await hotline.agent())
    answer = await form.asks()
    best = answer["categories"][0]
    assert (best["code"], best["name"]) == ("1503", "盗窃")
    assert "电动车" in best["words"]
    assert not any("阳光" in word for word in best["words"])
    assert answer["category_offered"]
    office = answer["departments"][0]
    assert (office["name"], office["area"]) == ("东区公安局", "东区")
    assert 0 < office["cases"] <= office["of"]
    assert answer["department_offered"]
    assert len(answer["categories"]) == len(answer["departments"]) == 3
    again = await form.asks(replaces=answer["suggestion_id"])
    assert again["suggestion_id"] == answer["suggestion_id"]
    case = await form.opens(
        category="1503", department=office["code"], suggestion=answer["suggestion_id"]
    )
    problem = await form.opens(422, suggestion=answer["suggestion_id"])
    assert problem["detail"] == "没有这条派单建议，或它已用于其他工单"
    second = await form.asks()
    await form.opens(category="1501", suggestion=second["suggestion_id"])
    rows = await hotline.pool.fetch(
        "select c.case_no, k.code, s.department_id is not null as dispatched"
        " from dispatch_suggestions s join cases c using (case_id)"
        " join categories k on k.category_id = s.category_id order by suggestion_id"
    )
    assert [tuple(row)[1:] for row in rows] == [("1503", True), ("1501", False)]
    assert rows[0]["case_no"] == case["case_no"]
    chief = await hotline.supervisor()
    status, quality = await chief.json("GET", f"{SUGGESTIONS}/quality")
    assert status == 200
    chosen = quality["chosen"]["category"]
    assert (chosen["cases"], chosen["first"], chosen["first_now"]) == (2, 1, 1)
    assert quality["chosen"]["department"]["first"] == 1
    held_out = quality["model"]["held_out"]["category"]
    assert held_out["cases"] == CASES / 10
    assert sum(label["cases"] for label in held_out["labels"]) == held_out["cases"]
    assert quality["last_training"]["outcome"] == "trained"
    totals = await hotline.pool.fetch(
        "select subject, detail, amount from event_totals where name = 'suggestion.chosen'"
        " order by subject, detail"
    )
    assert [tuple(row)[:2] for row in totals][1:] in (
        [("category", "other"), ("department", "first")],
        [("category", "first"), ("department", "first")],
    )


async def test_category_that_was_chosen_decides_the_department(hotline: Hotline) -> None:
    form = Form(await hotline.agent())
    answer = await form.asks(category="0101")
    assert answer["categories"][0]["code"] == "1503"
    assert "水务" in answer["departments"][0]["name"]
    problem = await form.asks(422, category="01")
    assert problem["errors"][0]["field"] == "category"


async def test_what_cannot_be_used_is_not_proposed(hotline: Hotline) -> None:
    form = Form(await hotline.agent())
    await hotline.pool.execute("update categories set closed = true where code = '1503'")
    await hotline.pool.execute("update departments set active = false where name = '东区公安局'")
    answer = await form.asks()
    assert "1503" not in {each["code"] for each in answer["categories"]}
    assert "东区公安局" not in {each["name"] for each in answer["departments"]}
    nothing = await form.asks(title="", body="12345 67890", address="")
    assert (nothing["suggestion_id"], nothing["categories"]) == (None, [])


async def test_confidential_cases_leave_nothing(hotline: Hotline) -> None:
    form = Form(await hotline.agent())
    shown = (await form.asks())["suggestion_id"]
    await form.opens(confidential=True, category="1503", suggestion=shown)
    assert await hotline.pool.fetchval("select count(*) from dispatch_suggestions") == 0


async def test_suggestion_of_somebody_else(hotline: Hotline) -> None:
    mine = (await Form(await hotline.agent("1001")).asks())["suggestion_id"]
    other = Form(await hotline.agent("1002"))
    await other.opens(422, suggestion=mine)
    assert (await other.asks(replaces=mine))["suggestion_id"] != mine


async def test_model_that_is_not_what_was_stored_is_not_used(hotline: Hotline) -> None:
    form = Form(await hotline.agent())
    await hotline.pool.execute("update suggestion_models set content = content || '\\x00'")
    assert (await form.asks())["model_id"] is None
    with pytest.raises(ModelInvalidError):
        await store.content_of(hotline.pool, 1)


async def test_a_case_dispatches_itself_only_where_that_is_set(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = Form(await hotline.agent())
    assert (await form.opens())["state"] == "registered"
    settings = vars(hotline.settings)
    monkeypatch.setitem(settings, "suggest_dispatch_percent", 99.9)
    assert (await form.opens())["state"] == "registered"  # not as sure as that
    monkeypatch.setitem(settings, "suggest_dispatch_percent", 50.0)
    assert (await form.opens(confidential=True))["state"] == "registered"
    case = await form.opens()
    assert (case["state"], case["lead"]["name"]) == ("dispatched", "东区公安局")
    assert case["category"]["code"] == "1503"
    step = case["history"][-1]
    assert (step["actor"], step["step"]) == ("system", "dispatched")
    assert step["note"].startswith("智能派单：置信度")
    assert {clock["kind"] for clock in case["clocks"]} == {"signing", "closing"}


async def test_once_a_night_when_there_is_enough_new(
    pool: asyncpg.Pool, redis: Redis, database_dsn: str
) -> None:
    def later(days: float, **more: Any) -> Context:
        return context_of(pool, redis, database_dsn, NIGHT + timedelta(days=days), **more)

    assert await train_if_due(later(0)) is None  # done this night
    assert await train_if_due(later(1 - 2 / 24)) is None  # one o'clock
    training = await train_if_due(later(1))
    assert training is not None
    assert (training.outcome, training.detail) == ("too_few", "0 new cases, 500 are wanted")
    assert await train_if_due(later(1)) is None
    await pool.execute("delete from suggestion_trainings")
    await pool.execute("delete from suggestion_models")
    training = await train_if_due(later(2, suggest_min_cases=CASES + 1))
    assert training is not None
    expected = f"{CASES} cases with a category, {CASES + 1} are wanted"
    assert (training.outcome, training.detail) == ("too_few", expected)
    assert await store.newest_model(pool) is None


async def test_confidential_cases_are_not_learnt(pool: asyncpg.Pool) -> None:
    (all_of_them,) = await pool.fetch(store.QUERIES.to_learn.sql, CASES)
    await pool.execute("update cases set confidential = case_id % 2 = 0")
    (others,) = await pool.fetch(store.QUERIES.to_learn.sql, CASES)
    assert (all_of_them["cases"], others["cases"]) == (CASES, CASES / 2)
    learnt = await pool.fetch(store.QUERIES.cases_to_learn.sql, others["since"])
    assert len(learnt) == CASES / 2


async def test_one_trains_at_a_time_and_a_killed_one_is_told(
    pool: asyncpg.Pool, redis: Redis, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pool.execute("update suggestion_models set last_at = last_at - interval '1 day'")
    context = context_of(pool, redis, database_dsn, NIGHT + timedelta(days=1))
    async with pool.acquire() as other:
        await other.execute("select pg_advisory_lock($1)", LOCK)
        assert await train_if_due(context) is None
        await other.execute("select pg_advisory_unlock($1)", LOCK)
    monkeypatch.setattr("gateway.suggestion_trainer.TRAINING_S", 0.01)
    training = await train_if_due(context)
    assert training is not None
    assert (training.outcome, training.detail) == ("failed", "the training took longer than 0 s")
    newest = await store.newest_model_id(pool)
    assert newest == 1


async def test_without_a_model(hotline: Hotline) -> None:
    await hotline.pool.execute("delete from suggestion_trainings")
    await hotline.pool.execute("delete from suggestion_models")
    assert (await Form(await hotline.agent()).asks())["suggestion_id"] is None
    chief = await hotline.browser(await hotline.add_user(Role.SUPERVISOR, "chief"))
    _, quality = await chief.json("GET", f"{SUGGESTIONS}/quality")
    assert (quality["model"], quality["last_training"]) == (None, None)
