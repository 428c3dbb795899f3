"""What the fields of a ``queue_log`` line mean, in every version of Asterisk.

Read in apps/app_queue.c of 1.0, 1.2, 1.4, 1.8, 11 and 22:

=======================  ====================================================================
ENTERQUEUE               url|caller, later |position, since 2025 perhaps |name; in early 1.0
                         the caller is the whole ``"name" <number>``
CONNECT                  hold, since 1.4 |uniqueid of the agent's channel, since 1.8 |ring seconds
COMPLETEAGENT, …CALLER   hold|talk, since 1.4 |position
TRANSFER                 extension|context, since 1.4 |hold|talk, since 1.8 |position
BLINDTRANSFER            extension|context|hold|talk|position, since 12 in place of TRANSFER
ATTENDEDTRANSFER         method and its data|hold|talk|position, since 12
RINGNOANSWER             milliseconds: whole seconds times 1000, or the time-out
RINGCANCELED             milliseconds
=======================  ====================================================================

Up to 1.2 the agent is the channel (``SIP/8001-08c3``), callers who time out mostly leave without a
line, and an ABANDON may follow a conversation. Later the agent is the member's name, and that is
its interface when it has none (``SIP/8001``, ``Agent/8001``, ``Local/8001@from-queue/n``).
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from telephony.names import agent_of, digits

NOBODY = "NONE"
# Where each event that ends a conversation has its talk time.
_TALK_FIELD = {
    "COMPLETEAGENT": 1,
    "COMPLETECALLER": 1,
    "BLINDTRANSFER": 3,
    "ATTENDEDTRANSFER": -2,
    "TRANSFER": 3,
}
ENDINGS = frozenset(_TALK_FIELD)
TRANSFERS = frozenset({"TRANSFER", "BLINDTRANSFER", "ATTENDEDTRANSFER"})
# A channel is named after its interface, "-" and 4 or 8 hexadecimal digits; Zap: the line's half.
# After a name that is no number they need a letter, or ``SIP/group-8001`` would be taken for one.
_OLD = "(?:SIP|IAX2|SCCP|Skinny|MGCP|H323)"
_HEX = "(?:[0-9a-f]{4}){1,2}"
_CHANNEL = re.compile(rf"({_OLD}/\d+)-{_HEX}|({_OLD}/.+)-(?=\d*[a-f]){_HEX}|(Zap/\d+)-\d+")
_NO_DURATION = 1e8  # three years, and nothing that is no number
_LEAST_RING_MS = 200  # no telephone is given less: a smaller number was written as seconds


@lru_cache(maxsize=4096)
def agent_number(agent: str) -> str:
    """The agent (工号) that an agent field means; empty when it names nobody."""
    if agent in {NOBODY, ""}:
        return ""
    channel = _CHANNEL.fullmatch(agent)
    interface = channel[channel.lastindex or 0] if channel else agent
    return agent_of(interface, interface) if "/" in interface else interface


def caller_number(data: Sequence[str]) -> str:
    """The caller of an ENTERQUEUE line, in digits with a ``+`` at most; empty when it has none."""
    caller = data[1] if len(data) > 1 else ""
    _name, bracket, number = caller.rpartition("<")
    return digits(number if bracket else caller)


def seconds_at(data: Sequence[str], position: int) -> float | None:
    """Data field ``position`` (negative: from the end) as seconds, ``None`` when it is none."""
    try:
        seconds = float(data[position])
    except (IndexError, ValueError):
        return None
    return max(0.0, seconds) if seconds < _NO_DURATION else None


def talk_s(event: str, data: Sequence[str]) -> float | None:
    """Talk seconds in a line of `ENDINGS`, ``None`` where the version did not write them."""
    return seconds_at(data, _TALK_FIELD[event])


def ring_s(event: str, data: Sequence[str]) -> float:
    """How long the seat rang before a CONNECT, RINGNOANSWER or RINGCANCELED line, 0 if unknown."""
    if event == "CONNECT":
        return seconds_at(data, 2) or 0.0
    ring = seconds_at(data, 0) or 0.0
    return ring if event == "RINGNOANSWER" and ring < _LEAST_RING_MS else ring / 1000
