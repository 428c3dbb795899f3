"""Commands to calls that are up: what to send, and which event shows that it is done.

Everything here decides from values and sends nothing; `telephony.perform` carries a `Plan` out.

The switchboard's part: contexts ``seats`` (extensions and outside numbers), ``to-queue`` (queues by
name) and ``consult`` (as ``seats``), and a hint for every seat in ``seats``. `THREE_WAY` is
``atxferthreeway`` of features.conf, by default the same; ``t`` in ``Queue()`` and ``Dial()`` lets
agents transfer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from telephony.ami.action import Action
from telephony.calls.channels import AgentLeg, CallChannels, Leg
from telephony.errors import ControlRefusedError, Refusal, UnsafeValueError
from telephony.watch import Sign, sign

SEATS = "seats"
TO_QUEUE = "to-queue"
CONSULT = "consult"
THREE_WAY = "*3"
CONFIRMED_WITHIN_S = 6.0
_NUMBER = re.compile(r"[0-9]{2,20}", re.ASCII)
ANSWERED_WITHIN_S = 36.0  # a phone rings up to `dial_timeout_s` of the dialplan, by default 30 s


class Phone(StrEnum):
    """What an extension's phone does."""

    IDLE = "idle"
    BUSY = "busy"
    UNREGISTERED = "unregistered"
    UNKNOWN = "unknown"  # no extension of a seat


@dataclass(frozen=True, slots=True)
class Plan:
    """Send ``actions``; the first of ``done`` says that they worked, one of ``failed`` why not."""

    actions: tuple[Action, ...]
    done: tuple[Sign, ...]
    failed: Mapping[Sign, Refusal] = field(default_factory=dict)
    timeout_s: float = CONFIRMED_WITHIN_S


@dataclass(frozen=True, slots=True)
class Target:
    """Where a caller is passed on to: a context and an extension in it."""

    context: str
    exten: str


def to_number(number: str, phone: Phone, *, own: str, outside_min_digits: int) -> Target:
    """A colleague's extension, whose ``phone`` must be free, or an outside number."""
    if not _NUMBER.fullmatch(number):
        raise UnsafeValueError("a number to call is 2 to 20 digits")
    if number == own:
        raise ControlRefusedError(Refusal.OWN_NUMBER)
    if phone is Phone.UNREGISTERED:
        raise ControlRefusedError(Refusal.UNREGISTERED)
    if phone is Phone.BUSY:
        raise ControlRefusedError(Refusal.BUSY)
    if phone is Phone.UNKNOWN and len(number) < outside_min_digits:
        raise ControlRefusedError(Refusal.NO_SUCH_NUMBER)
    return Target(SEATS, number)


def to_queue(queue: str, queues: tuple[str, ...]) -> Target:
    """A queue by its name."""
    if queue not in queues:
        raise ControlRefusedError(Refusal.NO_SUCH_QUEUE)
    return Target(TO_QUEUE, queue)


def require_idle(phone: Phone) -> None:
    """The own phone must be free to ring."""
    if phone in {Phone.UNREGISTERED, Phone.UNKNOWN}:
        raise ControlRefusedError(Refusal.OWN_UNREGISTERED)
    if phone is Phone.BUSY:
        raise ControlRefusedError(Refusal.OWN_BUSY)


def hang_up(call: CallChannels | None, agent: str) -> Plan:
    """The agent leaves the call; the caller may go on, to rate or with a third party.

    Not while he consults: hanging up would complete the transfer.
    """
    return _hang_up(_talking(call, agent).leg)


def cut(call: CallChannels | None, phone: tuple[Leg, ...]) -> Plan:
    """End a seat's conversation: a call for its caller too, else what the phone is busy with."""
    if call:
        return _hang_up(call.caller)
    return hang_up_phone(phone)


def hang_up_phone(phone: tuple[Leg, ...]) -> Plan:
    """End whatever a phone is busy with."""
    if not phone:
        raise ControlRefusedError(Refusal.NO_CONVERSATION)
    return _hang_up(next((leg for leg in phone if leg.bridge), phone[0]))


def transfer(call: CallChannels | None, agent: str, target: Target) -> Plan:
    """Blind: the agent leaves at once."""
    _, leg = _alone(call, agent)
    return Plan(
        (_action("BlindTransfer", leg, Context=target.context, Exten=target.exten),),
        (sign("BlindTransfer", TransfererUniqueid=leg.uniqueid, Result="Success"),),
    )


def consult(call: CallChannels | None, agent: str, target: Target) -> Plan:
    """The caller waits while the agent's phone rings somebody else.

    Asterisk turns ``Exten`` into keys of the feature (action_atxfer in manager.c); ``#`` ends them.
    """
    caller, leg = _alone(call, agent)
    return Plan(
        (_action("Atxfer", leg, Context=CONSULT, Exten=f"{target.exten}#"),),
        (sign("DialBegin", Linkedid=caller.uniqueid),),
        {sign("Unhold", Uniqueid=leg.uniqueid): Refusal.UNREACHABLE},
    )


def complete_consultation(call: CallChannels | None, agent: str) -> Plan:
    """The caller and who was consulted stay together, the agent leaves.

    A transferer who hangs up completes the transfer (bridge_basic.c); no feature code is needed.
    """
    _, leg = _consulting(call, agent, answered=True)
    return Plan(
        (_action("Hangup", leg, Cause="16"),),
        (sign("AttendedTransfer", OrigTransfererUniqueid=leg.uniqueid, Result="Success"),),
        {sign("Unhold", Uniqueid=leg.uniqueid): Refusal.NOT_CONSULTING},
    )


def cancel_consultation(call: CallChannels | None, agent: str) -> Plan:
    """The agent goes back to the caller."""
    caller, leg = _consulting(call, agent, answered=False)
    return Plan(
        (_action("CancelAtxfer", leg),),
        (sign("BridgeEnter", Uniqueid=leg.uniqueid, BridgeUniqueid=caller.bridge),),
        {sign("Hangup", Uniqueid=caller.uniqueid): Refusal.CALL_ENDED},
    )


def conference(call: CallChannels | None, agent: str) -> Plan:
    """Caller, agent and who was consulted speak together (三方通话)."""
    _, leg = _consulting(call, agent, answered=True)
    merged = {"OrigTransfererUniqueid": leg.uniqueid, "DestType": "Threeway"}
    return Plan(
        tuple(_action("PlayDTMF", leg, Digit=key, Receive="true") for key in THREE_WAY),
        (sign("AttendedTransfer", Result="Success", **merged),),
        {sign("Unhold", Uniqueid=leg.uniqueid): Refusal.NOT_CONSULTING},
    )


def take_over(call: CallChannels | None, agent: str, extension: str) -> Plan:
    """The caller is taken from the agent to ``extension``; nobody there: back to the queue."""
    if call is None:
        raise ControlRefusedError(Refusal.NO_CONVERSATION)
    _talking(call, agent)
    caller = call.caller
    return Plan(
        (_action("Redirect", caller, Context=SEATS, Exten=extension, Priority="1"),),
        (_dialled(caller, "ANSWER"),),
        {
            _dialled(caller, "NOANSWER"): Refusal.OWN_UNANSWERED,
            _dialled(caller, "BUSY"): Refusal.OWN_BUSY,
            _dialled(caller, "CHANUNAVAIL"): Refusal.OWN_UNREGISTERED,
            sign("Hangup", Uniqueid=caller.uniqueid): Refusal.CALL_ENDED,
        },
        ANSWERED_WITHIN_S,
    )


def conversation_at(call: CallChannels | None, agent: str, phone: tuple[Leg, ...]) -> Leg:
    """The channel on which a seat's conversation can be heard."""
    if call and (talking := call.of(agent)):
        return talking.leg
    speaking = [leg for leg in phone if leg.bridge]
    if not speaking:
        raise ControlRefusedError(Refusal.NO_CONVERSATION)
    return speaking[0]


def _in_call(call: CallChannels | None, agent: str) -> tuple[CallChannels, AgentLeg]:
    if call is None:
        raise ControlRefusedError(Refusal.CALL_ENDED)
    talking = call.of(agent)
    if talking is None:
        raise ControlRefusedError(Refusal.NOT_IN_CALL)
    return call, talking


def _talking(call: CallChannels | None, agent: str) -> AgentLeg:
    _, talking = _in_call(call, agent)
    if talking.consulting:
        raise ControlRefusedError(Refusal.CONSULTING)
    return talking


def _alone(call: CallChannels | None, agent: str) -> tuple[Leg, Leg]:
    """Caller and agent, with nobody else."""
    up, _ = _in_call(call, agent)
    talking = _talking(call, agent)
    if up.parties > 1:
        raise ControlRefusedError(Refusal.IN_CONFERENCE)
    return up.caller, talking.leg


def _consulting(call: CallChannels | None, agent: str, *, answered: bool) -> tuple[Leg, Leg]:
    up, talking = _in_call(call, agent)
    if not talking.consulting:
        raise ControlRefusedError(Refusal.NOT_CONSULTING)
    if answered and not talking.consulted:
        raise ControlRefusedError(Refusal.CONSULTED_SILENT)
    return up.caller, talking.leg


def _hang_up(leg: Leg) -> Plan:
    return Plan((_action("Hangup", leg, Cause="16"),), (sign("Hangup", Uniqueid=leg.uniqueid),))


def _dialled(caller: Leg, status: str) -> Sign:
    return sign("DialEnd", Uniqueid=caller.uniqueid, DialStatus=status)


def _action(name: str, leg: Leg, **headers: str) -> Action:
    return Action(name, {"Channel": leg.channel, **headers})
