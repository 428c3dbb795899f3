"""Every command has somebody to carry it out, and every failure a sentence for people."""

import pytest

from callback_survey.ringback.refusal import Refusal as RingbackRefusal
from gateway.call_desk import CallDesk
from gateway.command_table import CommandTable
from gateway.commands import Command, CommandName
from gateway.errors import CommandRefusedError, CommandSilentError
from gateway.refusals import OWN_PHONE, RINGBACK_SENTENCES, SENTENCES
from gateway.seat_desk import SeatDesk, Turns
from gateway.wrap_up_desk import WrapUpDesk
from telephony.ami.action import Action
from telephony.ami.session import Answer
from telephony.errors import (
    ActionRefusedError,
    ActionTimeoutError,
    ControlRefusedError,
    LinkLostError,
    NotConnectedError,
    Refusal,
    TelephonyError,
    UnsafeValueError,
)
from telephony.originate import Dialled
from telephony.watch import Sign, Watch, Watches
from tests.unit.telephony.story import Story
from tests.unit.telephony.tracking import new_tracker, track

COMMAND = Command(name=CommandName.HANG_UP, agent="8001", extension="1001", call_id="sb1-1.1")


class Away:
    """A switchboard that nobody is connected to any more; 8001 was logged in."""

    def __init__(self) -> None:
        story = Story()
        story.member("QueueMemberAdded", "8001", "PJSIP/1001")
        self.tracker = new_tracker()
        track(story.messages, self.tracker)

    def finish_wrap_up(self, agent: str) -> None:
        raise AssertionError(agent)

    def prolong_wrap_up(self, agent: str, until: float) -> None:
        raise AssertionError((agent, until))

    def switch_now(self) -> float:
        return 0.0

    def watch(self, *signs: Sign) -> Watch:
        return Watch(Watches(), signs)

    async def request(self, action: Action, timeout_s: float = 5.0) -> Answer:
        raise NotConnectedError(f"{action.name} not sent in {timeout_s} s")


def tables() -> CommandTable:
    away, turns, queues = Away(), Turns(), ("12345", "expert")
    calls = CallDesk(away, away.tracker, queues=queues, caller_id="12345", outside_min_digits=5)
    wrap_ups = WrapUpDesk(away, turns, prolong_s=60, longest_s=600, is_owner=lambda: True)
    seats = SeatDesk(away, queues, turns)
    return CommandTable({**seats.handlers, **wrap_ups.handlers, **calls.handlers})


@pytest.mark.parametrize("name", sorted(set(CommandName) - {CommandName.RING_BACK}))
async def test_every_command_is_carried_out_or_refused(name: CommandName) -> None:
    command = Command(
        name=name,
        agent="8001",
        extension="1001",
        call_id="sb1-1.1",
        number="1002",
        supervisor="1003",
        queues=("expert",),
    )
    with pytest.raises(CommandRefusedError, match=r"断开|通话已结束|没有通话|不在话后处理"):
        await tables().carry_out(command)


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (ControlRefusedError(Refusal.CALL_ENDED), CommandRefusedError, "通话已结束"),
        (ControlRefusedError(Refusal.UNREGISTERED), CommandRefusedError, "坐席话机未注册"),
        (
            ActionRefusedError("the switchboard refused Hangup: No such channel"),
            CommandRefusedError,
            "通话已结束",
        ),
        (ActionRefusedError("Transfer not permitted"), CommandRefusedError, "交换机拒绝了操作"),
        (NotConnectedError("down"), CommandRefusedError, "连接已断开"),
        (LinkLostError("down"), CommandSilentError, "确认"),
        (ActionTimeoutError("late"), CommandSilentError, "确认"),
        (UnsafeValueError("no"), CommandRefusedError, "不允许的字符"),
    ],
)
async def test_every_failure_is_a_sentence(
    error: TelephonyError, kind: type[Exception], sentence: str
) -> None:
    async def fail(_command: Command) -> None:
        raise error

    with pytest.raises(kind, match=sentence):
        await CommandTable({CommandName.HANG_UP: fail}).carry_out(COMMAND)


def test_every_refusal_has_its_sentence() -> None:
    assert RINGBACK_SENTENCES.keys() == set(RingbackRefusal)
    assert SENTENCES.keys() == set(Refusal)
    settled = {Dialled.ANSWERED, Dialled.NOT_SENT, Dialled.UNKNOWN, Dialled.REFUSED}
    assert OWN_PHONE.keys() == set(Dialled) - settled


def test_a_command_shows_no_number() -> None:
    assert "13900000900" not in repr(
        Command(name=CommandName.DIAL, agent="8001", extension="1001", number="13900000900")
    )
