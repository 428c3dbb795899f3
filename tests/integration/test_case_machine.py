"""C4: several people act on cases at once, in whatever order, on a real PostgreSQL.

Each round some of them try a step on the same version of a case. A model that knows the table alone
says who may win; afterwards rows and history must tell the same story.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any, ClassVar

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.support.case_model import ABOVE, CODES, LEVELS, PEOPLE, STAFF, Model
from ticketing import cases
from ticketing.case import Actor, ActorRole, CaseKind, NewCase
from ticketing.departments import create_department, find_department
from ticketing.errors import TicketingError
from ticketing.lifecycle import (
    TABLE,
    Field,
    Matter,
    Step,
)
from ticketing.steps import StepRequest, Taken, take_step

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


# Which of several wins is not for the test to say, so what is drawn must not depend on it.
DICE = st.randoms(use_true_random=True)


@dataclass(frozen=True)
class Office:
    """The people, and the database they all work on."""

    runner: asyncio.Runner
    pool: asyncpg.Pool
    people: dict[str, Actor]

    def run(self, *work: Callable[[Any], Any]) -> list[Any]:
        """Each on a connection and in a transaction of its own, all at once."""

        async def one(task: Callable[[Any], Any]) -> Any:
            async with self.pool.acquire() as connection, connection.transaction():
                return await task(connection)

        async def everything() -> list[Any]:
            return await asyncio.gather(*map(one, work), return_exceptions=True)

        return self.runner.run(everything())


class Cases(RuleBasedStateMachine):
    """People at work; `office` is set for the run."""

    office: ClassVar[Office]

    def __init__(self) -> None:
        super().__init__()
        self.models: dict[str, Model] = {}

    @initialize()
    def begin(self) -> None:
        for _ in range(3):
            self.open_one()

    @rule()
    def open_one(self) -> None:
        new = NewCase(kind=CaseKind.HELP, title="路灯不亮", body="三天了")
        agent = self.office.people["agent"]
        (case,) = self.office.run(lambda c: cases.open_case(c, new, actor=agent, now=NOW))
        self.models[case.case_no] = Model(case.case_no, case.case_id)

    @rule(dice=DICE)
    def everybody_tries(self, dice: Random) -> None:
        """Any steps at all."""
        self._compete(dice, self._drawn(dice), list(Step))

    @rule(dice=DICE)
    def everybody_tries_what_the_state_has(self, dice: Random) -> None:
        """Steps that somebody may take, so that cases get on."""
        model = self._drawn(dice)
        here = [step for state, step in TABLE if state is model.state]
        self._compete(dice, model, here or list(Step))

    def _drawn(self, dice: Random) -> Model:
        return self.models[dice.choice(sorted(self.models))]

    def _compete(self, dice: Random, model: Model, steps: list[Step]) -> None:
        attempts = [
            (dice.choice(PEOPLE), self._request(dice, model, dice.choice(steps)))
            for _ in range(dice.randint(1, 4))
        ]
        legal = [model.may(who, wanted, self.models) for who, wanted in attempts]
        results = self.office.run(*(self._attempt(model, *attempt) for attempt in attempts))
        won = [isinstance(result, Taken) for result in results]
        for result in results:
            if not isinstance(result, Taken | TicketingError):
                raise result
        assert sum(won) == any(legal), (model, attempts, results)
        for (who, wanted), wins, may in zip(attempts, won, legal, strict=True):
            if wins:
                assert may
                model.follow(who, wanted)
                if wanted.target:
                    self.models[wanted.target].noted(Step.NOTED)

    def _attempt(self, model: Model, who: str, wanted: StepRequest) -> Callable[[Any], Any]:
        actor = self.office.people[who]
        return lambda c: take_step(c, model.case_no, wanted, actor=actor, now=NOW)

    def _request(self, dice: Random, model: Model, step: Step) -> StepRequest:
        row = TABLE.get((model.state, step))
        request = StepRequest(step=step, version=model.version)
        for each in row.required if row else ():
            if each is Field.DEPARTMENT:
                lead = dice.choice(CODES)
                helping = {*dice.sample(CODES, dice.randint(0, 2))} - {lead}
                taken = row is not None and Field.ASSISTING in row.optional
                assisting = tuple(sorted(helping)) if taken else ()
                request = replace(request, department=lead, assisting=assisting)
            elif each is Field.ASSISTING:
                called = sorted(dice.sample(CODES, dice.randint(1, 2)))
                request = replace(request, assisting=tuple(called))
            elif each is Field.TARGET:
                request = replace(request, target=dice.choice(sorted(self.models)))
            else:
                values: dict[Field, Any] = {Field.DAYS: 3, Field.HOURS: 3}
                values |= {Field.MATTER: Matter.REVIEW}
                value = values.get(each, "说明")
                request = replace(request, **{each.value: value})
        return request

    @invariant()
    def rows_and_history_tell_what_happened(self) -> None:
        for model in self.models.values():
            case, history, placed, called = self.office.run(
                lambda c, m=model: cases.find_case(c, m.case_no),
                lambda c, m=model: cases.history(c, m.case_id),
                lambda c, m=model: c.fetch(
                    "select d.code, p.part, p.state from case_departments p"
                    " join departments d using (department_id) where p.case_id = $1",
                    m.case_id,
                ),
                lambda c, m=model: c.fetch(
                    "select d.code, case when k.contributed_at is not null then 'contributed'"
                    " when k.reported_at is not null then 'reported' else 'called' end as stage"
                    " from joint_handlings j join joint_calls k using (joint_id)"
                    " join departments d using (department_id)"
                    " where j.case_id = $1 and j.ended_at is null",
                    m.case_id,
                ),
            )
            assert (case.state, case.version) == (model.state, model.version)
            assert (case.lead and case.lead.code) == model.lead
            assert (case.extension_days is not None) == model.extension
            assert (case.matter is not None) == model.separated
            assert [entry.version for entry in history] == list(range(1, model.version + 1))
            assert [entry.step for entry in history] == model.steps
            assert history[-1].to_state is case.state
            for before, after in zip([None, *history], history, strict=False):
                assert after.from_state == (before.to_state if before else None)
                assert after.from_department == (before.to_department if before else None)
                assert TABLE[after.from_state, after.step].to is after.to_state
            expected = {(model.lead, "lead", model.state)} if model.lead else set()
            expected |= {(code, "assisting", model.state) for code in model.assisting}
            if model.responsible:
                expected.add((model.responsible, "responsible", model.state))
            assert {tuple(row) for row in placed} == expected
            assert {row["code"]: row["stage"] for row in called} == model.joint


async def people_of(pool: asyncpg.Pool) -> dict[str, Actor]:
    """Departments, and somebody of each and of every role."""
    people: dict[str, Actor] = {}
    async with pool.acquire() as connection, connection.transaction():
        for code, parent in ABOVE.items():
            level = LEVELS[code[0]]
            await create_department(connection, code=code, name=code, level=level, parent=parent)
        for login in PEOPLE:
            role = ActorRole.DEPARTMENT if login in ABOVE else ActorRole(STAFF[login])
            department = await find_department(connection, login) if login in ABOVE else None
            user_id = await connection.fetchval(
                "insert into users (login, password_hash, role, display_name, agent, extension,"
                " department_id) values ($1, 'x', $2, $1, $3, $3, $4) returning user_id",
                *(login.lower(), role.value, "1001" if login == "agent" else None),
                department and department.department_id,
            )
            people[login] = Actor(
                user_id=user_id,
                login=login.lower(),
                role=role,
                department_id=department and department.department_id,
            )
    return people


def run_machine(dsn: str) -> None:
    """The machine on an event loop of its own."""
    with asyncio.Runner() as runner:
        pool = runner.run(open_pool(dsn))
        office = Office(runner, pool, runner.run(people_of(pool)))
        machine = type("CasesHere", (Cases,), {"office": office})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=12,
                stateful_step_count=25,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        runner.run(pool.close())


async def open_pool(dsn: str) -> asyncpg.Pool:
    return await asyncpg.create_pool(dsn, min_size=4, max_size=4)


async def test_many_people_at_once(database_dsn: str) -> None:
    await asyncio.to_thread(run_machine, database_dsn)
