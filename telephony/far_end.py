"""A channel of ours dials on through the dialplan: what becomes of whom it dials, live and by CEL.

The near end is the channel that we originated, by its ``ChannelId``; the far end is dialled by
``Dial()`` of the dialplan. ``DialEnd`` of the near end tells how that went. A far end that was made
has the near end's Uniqueid as its Linkedid, in CEL too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from telephony.cel import CelEvent
from telephony.watch import Sign, sign


class FarEnd(StrEnum):
    """What became of the far end."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CONGESTED = "congested"  # the network or the trunk, or no such number
    CANCELLED = "cancelled"  # the near end hung up while it rang
    NOT_DIALLED = "not_dialled"


# DialStatus of DialEnd (app_dial.c), and "dialstatus" of the near end's HANGUP in CEL (cel.c).
_STATUSES: Mapping[str, FarEnd] = {
    "ANSWER": FarEnd.ANSWERED,
    "BUSY": FarEnd.BUSY,
    "NOANSWER": FarEnd.NO_ANSWER,
    "CONGESTION": FarEnd.CONGESTED,
    "CHANUNAVAIL": FarEnd.CONGESTED,
    "CANCEL": FarEnd.CANCELLED,
}


def far_end_signs(channel_id: str) -> Mapping[Sign, FarEnd]:
    """Events that tell what became of whom ``channel_id`` dials."""
    return {
        sign("DialEnd", Uniqueid=channel_id, DialStatus=status): what
        for status, what in _STATUSES.items()
    }


@dataclass(frozen=True, slots=True)
class FarEndSeen:
    """What became of the far end, and when (epoch seconds of the switchboard)."""

    what: FarEnd
    at: float


def far_end_of(events: Iterable[CelEvent], channel_id: str) -> FarEndSeen | None:
    """What CEL tells of a call whose near end is over.

    ``None`` when CEL does not tell of the near end's end: it was never made, is still up, or is not
    written yet.
    """
    near = [event for event in events if event.linkedid == channel_id]
    far = [event for event in near if event.uniqueid != channel_id]
    over = next((e for e in near if (e.uniqueid, e.name) == (channel_id, "CHAN_END")), None)
    if over is None:
        return None
    answer = next((event for event in far if event.name == "ANSWER"), None)
    if answer is not None:
        return FarEndSeen(FarEnd.ANSWERED, answer.at)
    hung_up = next((e for e in near if (e.uniqueid, e.name) == (channel_id, "HANGUP")), over)
    unknown = FarEnd.NO_ANSWER if far else FarEnd.NOT_DIALLED
    return FarEndSeen(_STATUSES.get(str(hung_up.extra.get("dialstatus")), unknown), over.at)
