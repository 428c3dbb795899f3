"""Queue commands and dialling out: what is sent, what is refused, what the answers mean."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.ami.action import Action, encode
from telephony.ami.message import Message
from telephony.ami.session import Answer
from telephony.errors import (
    ActionRefusedError,
    ActionTimeoutError,
    LinkLostError,
    NotConnectedError,
    TelephonyError,
    UnsafeValueError,
)
from telephony.originate import (
    Dialled,
    DialPlan,
    OriginateRequest,
    is_up,
    originate,
    to_action,
)
from telephony.queues import QueueCommands

PLAN = DialPlan(
    "PJSIP/{number}@trunk", frozenset({"survey"}), frozenset({"ATTEMPT"}), '"12345" <12345>'
)


def answer(text: str, *items: str) -> Answer:
    return Answer(Message(text.encode()), tuple(Message(item.encode()) for item in items))


OK = answer("Response: Success\r\nMessage: done")


@dataclass
class Scripted:
    """A requester that gives one answer, or fails."""

    gives: Answer | TelephonyError = OK
    asked: list[Action] = field(default_factory=list)

    async def request(self, action: Action, timeout_s: float = 5.0) -> Answer:
        assert timeout_s > 0
        self.asked.append(action)
        encode(action, "1")
        if isinstance(self.gives, TelephonyError):
            raise self.gives
        return self.gives


def attempt(**changes: object) -> OriginateRequest:
    values: dict[str, object] = {
        "channel_id": "survey-0001", "number": "13900000001", "context": "survey",
        "variables": {"ATTEMPT": "0001"},
    }  # fmt: skip
    return OriginateRequest(**(values | changes))  # type: ignore[arg-type] # values of mixed types


async def test_what_is_dialled() -> None:
    requester = Scripted(answer("Response: Success", "Event: OriginateResponse\r\nReason: 4"))
    result = await originate(requester, attempt(), PLAN)
    assert result.dialled is Dialled.ANSWERED
    [action] = requester.asked
    assert encode(action, "1").decode().splitlines() == [
        "Action: Originate", "ActionID: 1", "Channel: PJSIP/13900000001@trunk", "Context: survey",
        "Exten: s", "Priority: 1", "Timeout: 45000", 'CallerID: "12345" <12345>', "Async: true",
        "ChannelId: survey-0001", "OtherChannelId: survey-0001-2", "Variable: ATTEMPT=0001", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "dialled"),
    [
        ("0", Dialled.FAILED), ("1", Dialled.HUNG_UP), ("3", Dialled.NO_ANSWER),
        ("4", Dialled.ANSWERED), ("5", Dialled.BUSY), ("8", Dialled.CONGESTED),
        ("99", Dialled.FAILED), ("", Dialled.FAILED),
    ],
)  # fmt: skip
async def test_every_reason_is_mapped(reason: str, dialled: Dialled) -> None:
    response = answer("Response: Success", f"Event: OriginateResponse\r\nReason: {reason}")
    result = await originate(Scripted(response), attempt(), PLAN)
    assert (result.dialled, result.reason) == (dialled, reason)


@pytest.mark.parametrize(
    ("status", "dialled"),
    [
        ("BUSY", Dialled.BUSY), ("CONGESTION", Dialled.CONGESTED),
        ("NOANSWER", Dialled.NO_ANSWER), ("CHANUNAVAIL", Dialled.FAILED),
    ],
)  # fmt: skip
async def test_reason_0_is_told_apart_by_the_end_of_the_dialling(
    status: str, dialled: Dialled
) -> None:
    response = answer(
        "Response: Success",
        f"Event: DialEnd\r\nDestUniqueid: survey-0001\r\nDialStatus: {status}",
        "Event: OriginateResponse\r\nReason: 0",
    )
    assert (await originate(Scripted(response), attempt(), PLAN)).dialled is dialled


@pytest.mark.parametrize(
    ("gives", "dialled"),
    [
        (answer("Response: Error\r\nMessage: Extension does not exist."), Dialled.REFUSED),
        (ActionTimeoutError("too late"), Dialled.UNKNOWN),
        (LinkLostError("gone"), Dialled.UNKNOWN),
        (NotConnectedError("never there"), Dialled.NOT_SENT),
    ],
)
async def test_what_is_no_reason_is_a_result_too(
    gives: Answer | TelephonyError, dialled: Dialled
) -> None:
    assert (await originate(Scripted(gives), attempt(), PLAN)).dialled is dialled


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "139&SIP/evil"}, {"number": "+8613900000001"}, {"number": "1,s,1"},
        {"number": ""}, {"number": "1" * 21}, {"number": "１３９"}, {"number": "139\r\n"},
        {"context": "from-trunk"}, {"context": "survey,s,1"}, {"exten": "s,1"}, {"exten": ""},
        {"channel_id": "1"}, {"channel_id": "survey 0001"}, {"channel_id": "1795000000.17"},
        {"variables": {"CALLERID(num)": "1"}}, {"variables": {"ATTEMPT": "1,OTHER=2"}},
        {"variables": {"ATTEMPT": "${SHELL(id)}"}}, {"variables": {"ATTEMPT": "a(b"}},
        {"ring_s": 0}, {"ring_s": 3600},
    ],
)  # fmt: skip
async def test_harmful_values_are_never_sent(changes: dict[str, object]) -> None:
    requester = Scripted()
    with pytest.raises(UnsafeValueError) as caught:
        await originate(requester, attempt(**changes), PLAN)
    assert not requester.asked
    assert "139" not in str(caught.value)


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_whatever_passes_is_one_message_with_one_number(
    number: str, exten: str, value: str
) -> None:
    try:
        request = attempt(number=number, exten=exten, variables={"ATTEMPT": value})
        data = encode(to_action(request, PLAN), "1")
    except UnsafeValueError:
        return
    assert data.count(b"\r\n\r\n") == 1
    assert number.isascii()
    assert number.isdigit()
    assert not set("${}(),;|&\r\n\0") & set(exten + value)


async def test_whether_an_attempt_is_up() -> None:
    here = answer("Response: Success", "Event: CoreShowChannel\r\nUniqueid: survey-0001-2")
    assert await is_up(Scripted(here), "survey-0001")
    assert not await is_up(Scripted(answer("Response: Success")), "survey-0001")
    with pytest.raises(LinkLostError):
        await is_up(Scripted(LinkLostError("gone")), "survey-0001")


async def test_queue_commands() -> None:
    requester = Scripted()
    queues = QueueCommands(requester)
    assert await queues.add("12345", "PJSIP/1001", "8001", paused=True)
    assert await queues.pause("PJSIP/1001", paused=True, reason="午餐")
    assert await queues.pause("PJSIP/1001", paused=False, queue="12345")
    assert await queues.remove("12345", "PJSIP/1001")
    assert [action.name for action in requester.asked] == [
        "QueueAdd", "QueuePause", "QueuePause", "QueueRemove",
    ]  # fmt: skip
    assert requester.asked[0].headers["Paused"] == "true"
    assert requester.asked[1].headers["Reason"] == "午餐"
    assert "Queue" not in requester.asked[1].headers


async def test_what_is_so_already_is_no_error() -> None:
    there = Scripted(answer("Response: Error\r\nMessage: Unable to add interface: Already there"))
    assert not await QueueCommands(there).add("12345", "PJSIP/1001", "8001")
    gone = Scripted(answer("Response: Error\r\nMessage: Unable to remove interface: Not there"))
    assert not await QueueCommands(gone).remove("12345", "PJSIP/1001")
    nowhere = Scripted(answer("Response: Error\r\nMessage: Interface not found"))
    assert not await QueueCommands(nowhere).pause("PJSIP/1001", paused=True)


async def test_a_refusal_is_an_error_with_the_switchs_own_words() -> None:
    queues = QueueCommands(Scripted(answer("Response: Error\r\nMessage: No such queue")))
    with pytest.raises(ActionRefusedError, match="No such queue"):
        await queues.add("nowhere", "PJSIP/1001", "8001")


@pytest.mark.parametrize(
    ("queue", "interface", "agent"),
    [
        ("a b", "PJSIP/1001", "8001"), ("", "PJSIP/1001", "8001"), ("12345", "1001", "8001"),
        ("12345", "PJSIP/1001&PJSIP/2", "8001"), ("12345", "PJSIP/1001\r\n", "8001"),
        ("12345", "PJSIP/1001", "8001;9"), ("12345", "PJSIP/1001", "8001|9"),
        ("12345", "PJSIP/1001", "80\n01"),
    ],
)  # fmt: skip
async def test_odd_names_are_never_sent(queue: str, interface: str, agent: str) -> None:
    requester = Scripted()
    with pytest.raises(UnsafeValueError):
        await QueueCommands(requester).add(queue, interface, agent)
    assert not requester.asked
