"""C4: several people act on cases at once, in whatever order, on a real PostgreSQL.

Each round some of them try a step on the same version of a case. A model that knows the table alone
says who may win; afterwards rows and history must tell the same story.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
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

from ticketing import cases
from ticketing.case import Actor, ActorRole, CaseKind, NewCase
from ticketing.departments import Level, create_department, find_department
from ticketing.errors import TicketingError
from ticketing.lifecycle import TABLE, CaseState, Field, Matter, Party, Step
from ticketing.steps import StepRequest, Taken, take_step

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ABOVE = {"C1": None, "D1": "C1", "D2": "C1", "S1": "D1"}
LEVELS = {"C": Level.CITY, "D": Level.DISTRICT, "S": Level.STREET}
CODES = sorted(ABOVE)
STAFF = {"agent": Party.AGENT, "supervisor": Party.SUPERVISOR, "admin": Party.ADMINISTRATOR}
PEOPLE = [*STAFF, *CODES]
ENDED = {CaseState.CLOSED, CaseState.WITHDRAWN, CaseState.MERGED}


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


@dataclass
class Model:
    """What a case must be."""

    case_no: str
    case_id: int
    state: CaseState = CaseState.REGISTERED
    lead: str | None = None
    assisting: frozenset[str] = frozenset()
    extension: bool = False
    separated: bool = False
    version: int = 1
    steps: list[Step] = field(default_factory=lambda: [Step.REGISTERED])

    def party(self, person: str) -> Party | None:
        """What somebody is to it; none: it is not for him to see."""
        if person in STAFF:
            return STAFF[person]
        if person == self.lead:
            return Party.LEAD
        if person in self.assisting:
            return Party.ASSISTING
        concerned = {self.lead, *self.assisting} - {None}
        return Party.ABOVE if any(person in above(str(code)) for code in concerned) else None

    def may(self, person: str, wanted: StepRequest, others: dict[str, "Model"]) -> bool:
        """Whether the table lets somebody take this step."""
        row = TABLE.get((self.state, wanted.step))
        if row is None or row.opening or self.party(person) not in row.parties:
            return False
        if row.extension not in (None, self.extension):
            return False
        if row.separated not in (None, self.separated):
            return False
        if wanted.target is None:
            return True
        return wanted.target != self.case_no and others[wanted.target].state not in ENDED

    def follow(self, wanted: StepRequest) -> None:
        """Become what the step makes of it."""
        row = TABLE[self.state, wanted.step]
        if wanted.department:
            self.lead, self.assisting = wanted.department, frozenset(wanted.assisting)
        elif row.to is CaseState.REGISTERED:
            self.lead, self.assisting = None, frozenset()
        asked = wanted.step is Step.EXTENSION_ASKED
        decided = wanted.step in (Step.EXTENSION_GRANTED, Step.EXTENSION_REFUSED)
        ongoing = row.to in (CaseState.ACCEPTED, CaseState.HANDLING)
        self.extension = asked or (self.extension and ongoing and not decided)
        self.separated = step_separates(wanted.step, self.separated)
        self.state = row.to
        self.noted(wanted.step)

    def noted(self, step: Step) -> None:
        """One step more."""
        self.version += 1
        self.steps.append(step)


def step_separates(step: Step, before: bool) -> bool:
    """Whether a case is a separated matter after a step."""
    return step is Step.SEPARATED or (before and step is not Step.REJOINED)


def above(code: str) -> set[str]:
    """The departments above one."""
    parent = ABOVE[code]
    return set() if parent is None else {parent, *above(parent)}


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

    @rule(data=st.data())
    def everybody_tries(self, data: st.DataObject) -> None:
        """Any steps at all."""
        self._compete(data, st.sampled_from(list(Step)))

    @rule(data=st.data())
    def everybody_tries_what_the_state_has(self, data: st.DataObject) -> None:
        """Steps that somebody may take, so that cases get on."""
        self._compete(data, None)

    def _compete(self, data: st.DataObject, steps: st.SearchStrategy[Step] | None) -> None:
        model = self.models[data.draw(st.sampled_from(sorted(self.models)))]
        here = [step for state, step in TABLE if state is model.state]
        if steps is None:
            steps = st.sampled_from(here or list(Step))
        attempts = [
            (data.draw(st.sampled_from(PEOPLE)), self._request(data, model, data.draw(steps)))
            for _ in range(data.draw(st.integers(1, 4)))
        ]
        legal = [model.may(who, wanted, self.models) for who, wanted in attempts]
        results = self.office.run(*(self._attempt(model, *attempt) for attempt in attempts))
        won = [isinstance(result, Taken) for result in results]
        for result in results:
            if not isinstance(result, Taken | TicketingError):
                raise result
        assert sum(won) == any(legal), (model, attempts, results)
        for (_, wanted), wins, may in zip(attempts, won, legal, strict=True):
            if wins:
                assert may
                model.follow(wanted)
                if wanted.target:
                    self.models[wanted.target].noted(Step.NOTED)

    def _attempt(self, model: Model, who: str, wanted: StepRequest) -> Callable[[Any], Any]:
        actor = self.office.people[who]
        return lambda c: take_step(c, model.case_no, wanted, actor=actor, now=NOW)

    def _request(self, data: st.DataObject, model: Model, step: Step) -> StepRequest:
        row = TABLE.get((model.state, step))
        request = StepRequest(step=step, version=model.version)
        for each in row.required if row else ():
            if each is Field.DEPARTMENT:
                lead = data.draw(st.sampled_from(CODES))
                others = data.draw(st.sets(st.sampled_from(CODES), max_size=2)) - {lead}
                request = replace(request, department=lead, assisting=tuple(sorted(others)))
            elif each is Field.TARGET:
                request = replace(request, target=data.draw(st.sampled_from(sorted(self.models))))
            else:
                values: dict[Field, Any] = {Field.DAYS: 3, Field.MATTER: Matter.REVIEW}
                value = values.get(each, "说明")
                request = replace(request, **{each.value: value})
        return request

    @invariant()
    def rows_and_history_tell_what_happened(self) -> None:
        for model in self.models.values():
            case, history, placed = self.office.run(
                lambda c, m=model: cases.find_case(c, m.case_no),
                lambda c, m=model: cases.history(c, m.case_id),
                lambda c, m=model: c.fetch(
                    "select d.code, p.part, p.state from case_departments p"
                    " join departments d using (department_id) where p.case_id = $1",
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
            assert {tuple(row) for row in placed} == expected


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
