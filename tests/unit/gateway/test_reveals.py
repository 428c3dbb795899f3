"""FAULTS security 24: who has the right to a full number, over every role and state."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.auth.roles import Person, Role
from gateway.reveals import may_reveal, may_reveal_caller
from ticketing.case import Case, CaseKind
from ticketing.lifecycle import CaseState, Party

CASE = Case(
    case_id=1,
    case_no="20261123-00001",
    call_id="sb1-1.1",
    kind=CaseKind.HELP,
    title="路灯不亮",
    body="三天了",
    address="",
    confidential=False,
    caller="13800000001",
    category=None,
    state=CaseState.REGISTERED,
    lead_id=None,
    lead=None,
    assisting=(),
    extension_days=None,
    merged_into=None,
    matter=None,
    answered_at_once=False,
    opened_by="li",
    opened_at=datetime(2026, 11, 23, tzinfo=UTC),
    closed_at=None,
    result="",
    version=1,
)
LI = Person(
    user_id=1,
    login="li",
    display_name="李",
    role=Role.AGENT,
    agent="1001",
    extension="81001",
    switchboard="sb1",
)
OTHER = replace(LI, user_id=2, login="wang")


@pytest.mark.parametrize("state", CaseState)
@pytest.mark.parametrize("confidential", [False, True])
def test_of_a_case(state: CaseState, confidential: bool) -> None:
    case = replace(CASE, state=state, confidential=confidential)
    assert may_reveal(case, OTHER, Party.SUPERVISOR)
    assert may_reveal(case, LI, Party.AGENT)
    assert not may_reveal(case, OTHER, Party.AGENT)
    in_hand = state in {CaseState.ACCEPTED, CaseState.HANDLING}
    assert may_reveal(case, OTHER, Party.LEAD) is (in_hand and not confidential)
    for party in (Party.ADMINISTRATOR, Party.ASSISTING, Party.ABOVE, None):
        assert not may_reveal(case, OTHER, party)


def test_of_a_call() -> None:
    secret = replace(CASE, confidential=True)
    for case in (None, CASE):
        assert may_reveal_caller(case, OTHER)
    assert not may_reveal_caller(secret, OTHER)
    assert may_reveal_caller(secret, LI)
    assert may_reveal_caller(secret, replace(OTHER, role=Role.SUPERVISOR))
    for role in (Role.ADMINISTRATOR, Role.DEPARTMENT):
        assert not may_reveal_caller(None, replace(OTHER, role=role))
