"""Carrying out plans of call control: send, and wait until an event shows that it is done."""

from telephony.ami.action import Action
from telephony.ami.client import Requester, demand
from telephony.ami.session import Answer
from telephony.call_control import SEATS, Phone, Plan
from telephony.errors import ControlRefusedError
from telephony.watch import Switch


async def perform(switch: Switch, plan: Plan) -> None:
    """Carry ``plan`` out; returns once an event has confirmed it.

    Raises `ControlRefusedError` (an event shows that it failed), `ActionRefusedError`,
    `ActionTimeoutError` (nothing confirmed it), `LinkLostError`, `NotConnectedError`.
    """
    with switch.watch(*plan.done, *plan.failed) as watch:
        for action in plan.actions:
            await demand(switch, action)
        seen = await watch.first(plan.timeout_s)
    if seen in plan.failed:
        raise ControlRefusedError(plan.failed[seen])


async def phone_at(requester: Requester, extension: str) -> Phone:
    """What the phone of ``extension`` does, by its hint in context ``seats``."""
    answer = await demand(
        requester, Action("ExtensionState", {"Exten": extension, "Context": SEATS})
    )
    return phone_of(answer)


def phone_of(answer: Answer) -> Phone:
    """Meaning of an answer to ``ExtensionState``.

    ``Status`` is a sum of ast_extension_states (pbx.h): 1 in use, 2 busy, 4 unavailable, 8 ringing,
    16 on hold; negative without a hint.
    """
    try:
        status = int(answer.response.get("Status"))
    except ValueError:
        return Phone.UNKNOWN
    if status < 0:
        return Phone.UNKNOWN
    if status & 4:
        return Phone.UNREGISTERED
    return Phone.BUSY if status else Phone.IDLE
