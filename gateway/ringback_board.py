"""What ringing back needs of a switchboard, and what its words mean for an attempt."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from callback_survey.ringback.outcome import Outcome
from telephony.far_end import FarEnd
from telephony.tracker import Tracker
from telephony.watch import Switch

OUTCOMES: Mapping[FarEnd, Outcome] = {
    FarEnd.ANSWERED: Outcome.ANSWERED,
    FarEnd.BUSY: Outcome.BUSY,
    FarEnd.NO_ANSWER: Outcome.NO_ANSWER,
    FarEnd.CONGESTED: Outcome.CONGESTION,
    FarEnd.CANCELLED: Outcome.CANCELLED,
    FarEnd.NOT_DIALLED: Outcome.NOT_DIALLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The switchboard to ring with: its link, its clock, its calls."""

    switch: Switch
    now: Callable[[], datetime]
    tracker: Tracker
