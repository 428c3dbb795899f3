"""Dialling out: one request, one of a few known results."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from telephony.ami.action import Action
from telephony.ami.client import DEFAULT_TIMEOUT_S, Requester, demand
from telephony.ami.session import Answer
from telephony.errors import ActionTimeoutError, LinkLostError, NotConnectedError, UnsafeValueError

_NUMBER = re.compile(r"[0-9]{2,20}", re.ASCII)
_CHANNEL_ID = re.compile(r"[A-Za-z][A-Za-z0-9-]{7,63}", re.ASCII)
_EXTEN = re.compile(r"[A-Za-z0-9]{1,32}", re.ASCII)
# Neither separators nor anything the dialplan would evaluate: no ``,`` ``$`` ``{`` ``(`` ``;``.
_VALUE = re.compile(r"[A-Za-z0-9_.:@/+-]{0,128}", re.ASCII)
_MARGIN_S = 5.0


class Dialled(StrEnum):
    """How an attempt to reach somebody went."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    HUNG_UP = "hung_up"
    BUSY = "busy"
    CONGESTED = "congested"
    FAILED = "failed"
    REFUSED = "refused"  # Asterisk did not take the action: nothing was dialled
    NOT_SENT = "not_sent"  # no link: nothing was dialled
    UNKNOWN = "unknown"  # it may be ringing now: see `is_up`


# ``Reason`` of OriginateResponse is the last control frame of the dialled channel (frame.h).
# Asterisk 22 answers 0 for busy and congestion too: ``DialEnd`` then tells them apart.
REASONS: dict[str, Dialled] = {
    "0": Dialled.FAILED,
    "1": Dialled.HUNG_UP,
    "3": Dialled.NO_ANSWER,
    "4": Dialled.ANSWERED,
    "5": Dialled.BUSY,
    "8": Dialled.CONGESTED,
}
DIAL_STATUSES: dict[str, Dialled] = {
    "BUSY": Dialled.BUSY,
    "CONGESTION": Dialled.CONGESTED,
    "NOANSWER": Dialled.NO_ANSWER,
    "CANCEL": Dialled.NO_ANSWER,
}


@dataclass(frozen=True, slots=True)
class DialPlan:
    """What may be dialled at all: fixed by the configuration, never by a caller or a case.

    ``channel`` is the dial string with ``{number}`` in it: ``PJSIP/{number}@trunk``.
    """

    channel: str
    contexts: frozenset[str]
    variables: frozenset[str]
    caller_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginateRequest:
    """Dial ``number``; who answers goes to ``exten`` in ``context``.

    ``channel_id`` becomes the Uniqueid of the channel: it is the identity of the attempt, by which
    it is found again whatever happens. It must be new.
    """

    channel_id: str
    number: str
    context: str
    exten: str = "s"
    variables: Mapping[str, str] = field(default_factory=dict)
    ring_s: int = 45


@dataclass(frozen=True, slots=True)
class OriginateResult:
    """``reason`` is Asterisk's own word: the reason code or the sentence of the refusal."""

    dialled: Dialled
    reason: str = ""


def to_action(request: OriginateRequest, plan: DialPlan) -> Action:
    """The action for ``request``. Raises `UnsafeValueError` unless every value is harmless."""
    _check(_CHANNEL_ID.fullmatch(request.channel_id), "the channel id")
    _check(_NUMBER.fullmatch(request.number), "the number")
    _check(_EXTEN.fullmatch(request.exten), "the extension")
    _check(request.context in plan.contexts, f"context {request.context!r}")
    _check(1 <= request.ring_s <= 120, "the ringing time")
    for name, value in request.variables.items():
        _check(name in plan.variables, f"variable {name!r}")
        _check(_VALUE.fullmatch(value), f"the value of {name!r}")
    return Action(
        "Originate",
        {
            "Channel": plan.channel.format(number=request.number),
            "Context": request.context,
            "Exten": request.exten,
            "Priority": 1,
            "Timeout": request.ring_s * 1000,
            "CallerID": plan.caller_id,
            "Async": "true",
            "ChannelId": request.channel_id,
            "OtherChannelId": f"{request.channel_id}-2",
            "Variable": [f"{name}={value}" for name, value in request.variables.items()],
        },
        completed_by="OriginateResponse",
        dials=request.channel_id,
    )


def _check(harmless: object, what: str) -> None:
    if not harmless:
        raise UnsafeValueError(f"{what} may not be dialled with")


def result_of(answer: Answer) -> OriginateResult:
    """Meaning of a complete answer: an immediate error, or the event that ended the attempt."""
    if not answer.succeeded:
        return OriginateResult(Dialled.REFUSED, answer.text)
    reason = answer.items[-1].get("Reason")
    dialled = REASONS.get(reason, Dialled.FAILED)
    if dialled is Dialled.FAILED:
        statuses = [item.get("DialStatus") for item in answer.items[:-1]]
        dialled = next((DIAL_STATUSES[one] for one in statuses if one in DIAL_STATUSES), dialled)
    return OriginateResult(dialled, reason)


async def originate(
    requester: Requester, request: OriginateRequest, plan: DialPlan
) -> OriginateResult:
    """Dial, and wait until it is answered or has failed, at most ``ring_s`` and a little.

    Raises `UnsafeValueError` before anything is sent. Everything else is a result.
    """
    action = to_action(request, plan)
    try:
        answer = await requester.request(action, request.ring_s + _MARGIN_S)
    except NotConnectedError as error:
        return OriginateResult(Dialled.NOT_SENT, str(error))
    except (ActionTimeoutError, LinkLostError) as error:
        return OriginateResult(Dialled.UNKNOWN, str(error))
    return result_of(answer)


async def is_up(
    requester: Requester, channel_id: str, timeout_s: float = DEFAULT_TIMEOUT_S
) -> bool:
    """Whether the channel of an attempt is up, to resolve `Dialled.UNKNOWN`.

    ``False`` means that it has ended or was never dialled; which of the two, CEL tells.
    """
    channels = await demand(requester, Action("CoreShowChannels"), timeout_s)
    ours = {channel_id, f"{channel_id}-2"}
    return any(item.get("Uniqueid") in ours for item in channels.items)
