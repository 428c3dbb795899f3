"""The table of call transitions hangs together."""

import pytest

from telephony.calls.transitions import TABLE, Phase, Trigger
from telephony.events import CallEventName, Outcome

LIVE = [phase for phase in Phase if phase is not Phase.ENDED]


def test_every_phase_is_there_and_ended_is_the_end() -> None:
    assert set(TABLE) == set(Phase)
    assert TABLE[Phase.ENDED] == {}


@pytest.mark.parametrize("phase", LIVE)
@pytest.mark.parametrize("trigger", [Trigger.HUNG_UP, Trigger.RESTARTED])
def test_every_live_call_can_end_and_says_so_last(phase: Phase, trigger: Trigger) -> None:
    step = TABLE[phase][trigger]
    assert step.to is Phase.ENDED
    assert step.announces[-1] is CallEventName.ENDED
    assert "ended_at" in step.stamps


def test_nothing_else_ends_a_call() -> None:
    for row in TABLE.values():
        for trigger, step in row.items():
            ends = trigger in {Trigger.HUNG_UP, Trigger.RESTARTED}
            assert (step.to is Phase.ENDED) is ends
            assert (CallEventName.ENDED in step.announces) is ends


def test_every_phase_can_be_reached() -> None:
    reached = {Phase.ARRIVED}
    while True:
        further = {step.to for phase in reached for step in TABLE[phase].values()}
        if further <= reached:
            break
        reached |= further
    assert reached == set(Phase)


def test_every_outcome_trigger_and_event_is_used() -> None:
    steps = [step for row in TABLE.values() for step in row.values()]
    endings = {step.ending for step in steps} | {Outcome.ABANDONED_GREETING}
    assert endings - {None} == set(Outcome) - {Outcome.UNSEEN}  # what was not seen, no table tells
    assert {trigger for row in TABLE.values() for trigger in row} == set(Trigger)
    announced = {name for step in steps for name in step.announces}
    assert announced | {CallEventName.ARRIVED} == set(CallEventName)


def test_whoever_meets_an_agent_was_offered_and_answered() -> None:
    for row in TABLE.values():
        if step := row.get(Trigger.MET_AGENT):
            assert step.ending is Outcome.ANSWERED
            assert set(step.stamps) == {"offered_at", "answered_at"}
            assert CallEventName.ANSWERED in step.announces
