"""What may be done to a call in which state, and which event confirms it (REQUIREMENTS T4)."""

from collections.abc import Callable

import pytest

from telephony import call_control as control
from telephony.ami.message import Message
from telephony.ami.session import Answer
from telephony.call_control import Phone, Plan, Target
from telephony.calls.channels import AgentLeg, CallChannels, Leg
from telephony.errors import ControlRefusedError, Refusal, UnsafeValueError
from telephony.perform import phone_of
from telephony.watch import sign

CALLER = Leg("sw-1.1", "PJSIP/trunk-00000001", "b1")
AGENT = Leg("sw-1.2", "PJSIP/1001-00000002", "b1")
AWAY = Leg("sw-1.2", "PJSIP/1001-00000002", "b2")
TALKING = CallChannels(CALLER, (AgentLeg("8001", AGENT),), 1)
RINGING_OUT = CallChannels(CALLER, (AgentLeg("8001", AWAY, consulting=True),), 0)
CONSULTING = CallChannels(CALLER, (AgentLeg("8001", AWAY, consulting=True, consulted=True),), 0)
CROWDED = CallChannels(CALLER, (AgentLeg("8001", AGENT), AgentLeg("8002", AGENT)), 2)
COLLEAGUE = Target("seats", "1002")

Decision = Callable[[CallChannels | None, str], Plan]


def transfer(call: CallChannels | None, agent: str) -> Plan:
    return control.transfer(call, agent, COLLEAGUE)


def consult(call: CallChannels | None, agent: str) -> Plan:
    return control.consult(call, agent, COLLEAGUE)


def take_over(call: CallChannels | None, agent: str) -> Plan:
    return control.take_over(call, agent, "1003")


R = Refusal
# Columns: no call, somebody else's, talking, consulting (unanswered, answered), crowded.
STATES = (None, TALKING, TALKING, RINGING_OUT, CONSULTING, CROWDED)
AGENTS = ("8001", "8003", "8001", "8001", "8001", "8001")
TABLE: dict[Decision, tuple[Refusal | None, ...]] = {
    control.hang_up: (R.CALL_ENDED, R.NOT_IN_CALL, None, R.CONSULTING, R.CONSULTING, None),
    transfer: (R.CALL_ENDED, R.NOT_IN_CALL, None, R.CONSULTING, R.CONSULTING, R.IN_CONFERENCE),
    consult: (R.CALL_ENDED, R.NOT_IN_CALL, None, R.CONSULTING, R.CONSULTING, R.IN_CONFERENCE),
    control.complete_consultation: (
        *(R.CALL_ENDED, R.NOT_IN_CALL, R.NOT_CONSULTING),
        *(R.CONSULTED_SILENT, None, R.NOT_CONSULTING),
    ),
    control.cancel_consultation: (
        *(R.CALL_ENDED, R.NOT_IN_CALL, R.NOT_CONSULTING),
        *(None, None, R.NOT_CONSULTING),
    ),
    control.conference: (
        *(R.CALL_ENDED, R.NOT_IN_CALL, R.NOT_CONSULTING),
        *(R.CONSULTED_SILENT, None, R.NOT_CONSULTING),
    ),
    take_over: (R.NO_CONVERSATION, R.NOT_IN_CALL, None, R.CONSULTING, R.CONSULTING, None),
}


@pytest.mark.parametrize("decide", TABLE, ids=lambda decide: decide.__name__)
@pytest.mark.parametrize("column", range(len(STATES)))
def test_what_is_allowed_when(decide: Decision, column: int) -> None:
    refusal = TABLE[decide][column]
    if refusal is None:
        plan = decide(STATES[column], AGENTS[column])
        assert plan.actions
        assert plan.done
        return
    with pytest.raises(ControlRefusedError) as refused:
        decide(STATES[column], AGENTS[column])
    assert refused.value.refusal is refusal


def test_blind_transfer_is_confirmed_by_its_event() -> None:
    plan = transfer(TALKING, "8001")
    (action,) = plan.actions
    assert (action.name, action.headers) == (
        "BlindTransfer",
        {"Channel": AGENT.channel, "Context": "seats", "Exten": "1002"},
    )
    assert plan.done == (
        sign("BlindTransfer", TransfererUniqueid=AGENT.uniqueid, Result="Success"),
    )


def test_consultation_has_its_own_context_and_ends_the_number() -> None:
    (action,) = consult(TALKING, "8001").actions
    assert (action.headers["Context"], action.headers["Exten"]) == ("consult", "1002#")


def test_cancelling_is_confirmed_by_the_return_to_the_caller() -> None:
    plan = control.cancel_consultation(CONSULTING, "8001")
    assert plan.done == (sign("BridgeEnter", Uniqueid=AWAY.uniqueid, BridgeUniqueid="b1"),)


def test_cutting_ends_the_call_for_its_caller() -> None:
    (action,) = control.cut(TALKING, (AGENT,)).actions
    assert action.headers["Channel"] == CALLER.channel


def test_without_a_call_the_leg_that_speaks_is_hung_up() -> None:
    idle = Leg("sw-1.9", "PJSIP/1001-00000009", "")
    (action,) = control.cut(None, (idle, AGENT)).actions
    assert action.headers["Channel"] == AGENT.channel
    with pytest.raises(ControlRefusedError) as refused:
        control.cut(None, ())
    assert refused.value.refusal is R.NO_CONVERSATION


def test_a_conversation_is_heard_on_the_agents_own_channel() -> None:
    assert control.conversation_at(TALKING, "8001", ()) == AGENT
    assert control.conversation_at(None, "8001", (AGENT,)) == AGENT
    ringing = Leg("sw-1.9", "PJSIP/1001-00000009", "")
    with pytest.raises(ControlRefusedError):
        control.conversation_at(None, "8001", (ringing,))


@pytest.mark.parametrize(
    ("number", "phone", "refusal"),
    [
        ("1002", Phone.IDLE, None),
        ("1002", Phone.BUSY, R.BUSY),
        ("1002", Phone.UNREGISTERED, R.UNREGISTERED),
        ("1009", Phone.UNKNOWN, R.NO_SUCH_NUMBER),
        ("10000", Phone.UNKNOWN, None),
        ("13900000900", Phone.UNKNOWN, None),
        ("1001", Phone.BUSY, R.OWN_NUMBER),
    ],
)
def test_numbers(number: str, phone: Phone, refusal: Refusal | None) -> None:
    def target() -> Target:
        return control.to_number(number, phone, own="1001", outside_min_digits=5)

    if refusal is None:
        assert target() == Target("seats", number)
        return
    with pytest.raises(ControlRefusedError) as refused:
        target()
    assert refused.value.refusal is refusal


@pytest.mark.parametrize("number", ["", "1", "1002,1", "1002\r\n", "１００２", "*2", "9" * 21])
def test_what_is_no_number_is_not_sent(number: str) -> None:
    with pytest.raises(UnsafeValueError):
        control.to_number(number, Phone.IDLE, own="1001", outside_min_digits=5)


def test_queues_are_those_of_the_settings() -> None:
    assert control.to_queue("expert", ("12345", "expert")) == Target("to-queue", "expert")
    with pytest.raises(ControlRefusedError):
        control.to_queue("expert,n", ("12345", "expert"))


@pytest.mark.parametrize(
    ("status", "phone"),
    [
        ("0", Phone.IDLE),
        ("1", Phone.BUSY),
        ("2", Phone.BUSY),
        ("4", Phone.UNREGISTERED),
        ("8", Phone.BUSY),
        ("9", Phone.BUSY),
        ("16", Phone.BUSY),
        ("-1", Phone.UNKNOWN),
        ("-2", Phone.UNKNOWN),
        ("", Phone.UNKNOWN),
    ],
)
def test_extension_states(status: str, phone: Phone) -> None:
    message = Message(f"Response: Success\r\nExten: 1002\r\nStatus: {status}".encode())
    assert phone_of(Answer(message)) is phone


@pytest.mark.parametrize(
    ("phone", "refusal"),
    [
        (Phone.IDLE, None),
        (Phone.BUSY, R.OWN_BUSY),
        (Phone.UNREGISTERED, R.OWN_UNREGISTERED),
        (Phone.UNKNOWN, R.OWN_UNREGISTERED),
    ],
)
def test_the_own_phone_must_be_free(phone: Phone, refusal: Refusal | None) -> None:
    if refusal is None:
        control.require_idle(phone)
        return
    with pytest.raises(ControlRefusedError) as refused:
        control.require_idle(phone)
    assert refused.value.refusal is refusal
