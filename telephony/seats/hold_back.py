"""Holding calls back from an agent who wraps up: what to send, and which event shows it.

The switchboard's part is context ``wrap-up``: it pauses a telephone's memberships, waits, and ends
the pauses again, whatever becomes of us. A timer that is not the latest of its telephone ends none:
the latest is named by the global variable ``WRAP_UP_<extension>``.
"""

import re

from telephony.ami.action import Action
from telephony.call_control import CONFIRMED_WITHIN_S, Plan
from telephony.errors import UnsafeValueError
from telephony.watch import sign

WRAP_UP = "wrap-up"
HELD_BACK = "HotlineWrapUp"
_PHONE = re.compile(r"PJSIP/([0-9]{2,10})", re.ASCII)
_QUEUE = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_TOKEN = re.compile(r"[0-9a-f]{8,32}", re.ASCII)
_MARGIN_S = 10.0  # a timer that has not ended by itself by then is ended by the switchboard
MAX_S = 4 * 3600.0


def extension_of(interface: str) -> str | None:
    """The extension of a telephone that can be held back; ``None`` for any other interface."""
    match = _PHONE.fullmatch(interface)
    return match[1] if match else None


def timer_interface(interface: str) -> str:
    """How the channels of the telephone's timer are called, without their serial number."""
    return f"Local/{extension_of(interface)}@{WRAP_UP}"


def hold_back(interface: str, queues: tuple[str, ...], wrap_up_s: float, token: str) -> Plan:
    """Hold calls of ``queues`` back from ``interface`` for that long; a timer before ends nothing.

    Raises `UnsafeValueError` for what may not be sent.
    """
    extension = extension_of(interface)
    if extension is None or not _TOKEN.fullmatch(token) or not 0 < wrap_up_s <= MAX_S:
        raise UnsafeValueError("no telephone, token or time of a wrap-up")
    if not all(_QUEUE.fullmatch(queue) for queue in queues):
        raise UnsafeValueError("no queue of a wrap-up")
    originate = Action(
        "Originate",
        {
            # The other half runs the dialplan; this one is never answered.
            "Channel": f"{timer_interface(interface)}/n",
            "Application": "Wait",
            "Data": "1",
            "Timeout": round((wrap_up_s + _MARGIN_S) * 1000),
            "Async": "true",
            "Variable": [
                f"__WRAP_UP_TOKEN={token}",
                f"__WRAP_UP_QUEUES={':'.join(queues)}",
                f"__WRAP_UP_S={wrap_up_s:.3f}",
            ],
        },
    )
    held = sign("UserEvent", UserEvent=HELD_BACK, Token=token)
    return Plan((originate,), done=(held,), timeout_s=CONFIRMED_WITHIN_S)


def disarm(interface: str) -> Action:
    """From now on no timer of the telephone ends a pause."""
    variable = f"WRAP_UP_{extension_of(interface)}"
    return Action("Setvar", {"Variable": variable, "Value": "none"})


def end_timers(interface: str) -> Action:
    """End the telephone's timers: refused by the switchboard when there is none."""
    return Action("Hangup", {"Channel": f"/^{timer_interface(interface)}-/"})
