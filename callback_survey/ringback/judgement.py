"""What a call means for ringing back. Pure."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from callback_survey.ringback.policy import Policy
from telephony.events import Outcome

_MAX_DIGITS = 20
_SHORT = frozenset({Outcome.ABANDONED_QUEUE, Outcome.ABANDONED_RINGING})


class Verdict(StrEnum):
    """A call that failed: `MISSED` makes or joins a task, the others are counted only."""

    MISSED = "missed"
    SHORT = "short"  # gave up within moments of entering the queue
    UNASKED = "unasked"  # hung up before asking for a person
    WITHHELD = "withheld"  # no number was sent
    INVALID = "invalid"  # a number that nobody can be called at


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What ringing back needs to know of a call; ``number`` is in its national form."""

    call_id: str
    number: str = field(repr=False)
    line: str
    offered: bool
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    wait_s: float | None

    @property
    def failed(self) -> bool:
        """Ended without an agent, or was cut off by a restart, also while talking to one.

        Whom the machine told what he asked for has what he called for.
        """
        if self.ended_at is None or self.outcome is Outcome.SELF_SERVED:
            return False
        return self.answered_at is None or self.outcome is Outcome.SWITCH_RESTART


def judge(call: Call, policy: Policy) -> Verdict | None:
    """The verdict on a call that failed; ``None`` for one that is up, answered or self-served."""
    if not call.failed:
        return None
    if unusable := _unusable(call.number, policy):
        return unusable
    if not call.offered and not policy.greeting:
        return Verdict.UNASKED
    if _is_short(call, policy) and not policy.short_abandons:
        return Verdict.SHORT
    return Verdict.MISSED


def is_usable(number: str, policy: Policy) -> bool:
    """Whether somebody can be called back at ``number``."""
    return _unusable(number, policy) is None


def _unusable(number: str, policy: Policy) -> Verdict | None:
    if not number:
        return Verdict.WITHHELD
    digits = re.fullmatch(r"[0-9]+", number, re.ASCII) and number.strip("0")
    fits = policy.min_digits <= len(number) <= _MAX_DIGITS
    if not digits or not fits or number in policy.own_numbers:
        return Verdict.INVALID
    return None


def _is_short(call: Call, policy: Policy) -> bool:
    waited_s = call.wait_s
    return call.outcome in _SHORT and waited_s is not None and waited_s <= policy.short_abandon_s
