"""C4: the table of steps says what may follow what, and who may take it."""

from itertools import product

import pytest

from ticketing.errors import CaseConflictError, CaseInvalidError, StepForbiddenError
from ticketing.lifecycle import INBOX, TABLE, CaseState, Field, Matter, Party, Step, Trigger
from ticketing.taking import Standing, allowed, check_fields, take
from ticketing.words import FIELDS, MATTERS, STATES, STEPS

WORDS = {Field.REASON, Field.RESULT, Field.NOTE}


@pytest.mark.parametrize("party", Party)
def test_allowed_is_what_the_table_has(party: Party) -> None:
    for state, step, asked, apart in product(CaseState, Step, (False, True), (False, True)):
        check_one(Standing(state=state, extension_asked=asked, separated=apart), step, party)


def check_one(standing: Standing, step: Step, party: Party) -> None:
    state, asked = standing.state, standing.extension_asked
    row = TABLE.get((state, step))
    offered = row is not None and not row.opening and row.extension in (None, asked)
    offered = offered and row is not None and row.separated in (None, standing.separated)
    if row is None or not offered:
        with pytest.raises(CaseConflictError, match=STEPS[step]):
            take(standing, step, party)
    elif party not in row.parties:
        with pytest.raises(StepForbiddenError, match=STEPS[step]):
            take(standing, step, party)
    else:
        assert take(standing, step, party) is row
    may = offered and row is not None and party in row.parties
    assert (step in allowed(standing, party)) is may


def test_refusal_says_what_would_be_allowed() -> None:
    standing = Standing(state=CaseState.DISPATCHED)
    with pytest.raises(CaseConflictError) as refused:
        take(standing, Step.REPLIED, Party.LEAD)
    assert str(refused.value) == "工单待签收，不能提交答复。您现在可以：签收、申请退单、备注"
    with pytest.raises(StepForbiddenError) as forbidden:
        take(standing, Step.ACCEPTED, Party.ABOVE)
    assert str(forbidden.value) == "您不能签收这份工单。您现在不能对它进行任何操作"
    with pytest.raises(CaseConflictError, match="没有待审批的延期申请，不能同意延期"):
        take(Standing(state=CaseState.HANDLING), Step.EXTENSION_GRANTED, Party.SUPERVISOR)
    asked = Standing(state=CaseState.HANDLING, extension_asked=True)
    with pytest.raises(CaseConflictError, match="已有一项延期申请待审批，不能申请延期"):
        take(asked, Step.EXTENSION_ASKED, Party.LEAD)


def test_what_belongs_to_the_opening_is_taken_then_only() -> None:
    standing = Standing(state=CaseState.REGISTERED)
    with pytest.raises(CaseConflictError):
        take(standing, Step.ANSWERED_AT_ONCE, Party.AGENT)
    row = take(standing, Step.ANSWERED_AT_ONCE, Party.AGENT, opening=True)
    assert row.to is CaseState.CLOSED


def test_every_state_is_reached_from_nothing() -> None:
    reached: set[CaseState | None] = {None}
    for _ in TABLE:
        reached |= {row.to for (before, _step), row in TABLE.items() if before in reached}
    assert reached == {None, *CaseState}


def test_every_state_has_a_way_to_its_end() -> None:
    ends = {CaseState.CLOSED, CaseState.WITHDRAWN, CaseState.MERGED}
    leading: set[CaseState] = set(ends)
    for _ in TABLE:
        leading |= {before for (before, _), row in TABLE.items() if before and row.to in leading}
    assert leading == set(CaseState)


def test_whoever_closes_triggers_the_survey() -> None:
    closing = {key for key, row in TABLE.items() if Trigger.SURVEY in row.triggers}
    assert closing == {
        (before, step)
        for (before, step), row in TABLE.items()
        if row.to is CaseState.CLOSED and (before is not CaseState.CLOSED or step is Step.REJOINED)
    }


def test_refusing_needs_a_reason_and_one_text_is_enough() -> None:
    for (_, step), row in TABLE.items():
        if step.value.endswith("_refused"):
            assert row.required == (Field.REASON,)
        assert len(WORDS & {*row.required, *row.optional}) <= 1, step
        assert not set(row.required) & set(row.optional)


def test_everybodys_turn_is_a_turn() -> None:
    routine = {Step.NOTED, Step.SUPERVISED, Step.SEPARATED, Step.REJOINED}
    for party, states in INBOX.items():
        for state in states:
            assert allowed(Standing(state=state), party).keys() - routine, (party, state)


def test_fields_are_those_of_the_row() -> None:
    row = TABLE[CaseState.REGISTERED, Step.DISPATCHED]
    check_fields(Step.DISPATCHED, row, {Field.DEPARTMENT: "D1", Field.NOTE: "急"})
    with pytest.raises(CaseInvalidError, match="派发必须填写主办部门") as missing:
        check_fields(Step.DISPATCHED, row, {})
    assert missing.value.field == "department"
    with pytest.raises(CaseInvalidError, match="派发不填写延期天数") as strange:
        check_fields(Step.DISPATCHED, row, {Field.DEPARTMENT: "D1", Field.DAYS: 3})
    assert strange.value.field == "days"


def test_everything_has_its_word() -> None:
    assert set(STATES) == set(CaseState)
    assert set(STEPS) == set(Step)
    assert set(FIELDS) == set(Field)
    assert set(MATTERS) == set(Matter)


def test_separating_changes_nothing_else() -> None:
    for (before, step), row in TABLE.items():
        if step in (Step.SEPARATED, Step.REJOINED):
            assert row.to is before
            assert Field.REASON in row.required
            assert row.separated is (step is Step.REJOINED)
            assert Party.LEAD not in row.parties  # who is judged by it does not decide on it
    closed = Standing(state=CaseState.CLOSED)
    with pytest.raises(CaseConflictError, match="工单不是诉访分离事项，不能撤销诉访分离"):
        take(closed, Step.REJOINED, Party.SUPERVISOR)
