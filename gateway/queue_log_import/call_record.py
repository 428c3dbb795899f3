"""A finished call of the log as a row of `calls`."""

from datetime import UTC, datetime

from gateway.queue_log_import.call_fold import FinishedCall
from telephony.clock import uniqueid_epoch
from telephony.events import AgentPart, CallRecord, Outcome
from telephony.queue_log import Stay

# A row moves only to a higher revision, and a call that was seen live has at least 1.
UNENDED, MAY_GROW, FINAL = -1, 0, 1
_LONGEST_GREETING_S = 3600.0


def call_record(switchboard: str, call: FinishedCall, *, final: bool = True) -> CallRecord:
    """What the log tells of the call; not ``final``: lines that follow may tell more.

    It arrived when its channel was made (which the Uniqueid tells), it was offered when it entered
    its first queue. Where its end is not known, ``ended_at`` is the last moment it was heard of, an
    answered call stays answered, and any other is `Outcome.UNSEEN`. Holding is not in the log.
    """
    record, first = call.record, call.record.stays[0]
    answer = record.first_answer
    ended_at = _ended_at(call)
    parts = tuple(_part(stay, call.cut_at) for stay in record.stays if stay.agent)
    wait_s = record.wait_s
    return CallRecord(
        switchboard=switchboard,
        uniqueid=record.uniqueid,
        line="",
        caller=record.caller,
        queue=record.queue,
        arrived_at=_when(_arrived_at(record.uniqueid, first.entered_at)),
        offered_at=_when(first.entered_at),
        answered_at=None if answer is None else _when(answer.left_at or first.entered_at),
        ended_at=_when(ended_at),
        outcome=_outcome(call),
        wait_s=ended_at - first.entered_at if wait_s is None else wait_s,
        talk_s=sum(part.talk_s for part in parts),
        hold_s=0.0,
        agents=parts,
        revision=UNENDED if not call.complete else FINAL if final else MAY_GROW,
    )


def _arrived_at(uniqueid: str, entered_at: float) -> float:
    made_at = uniqueid_epoch(uniqueid, entered_at)
    return made_at if 0 <= entered_at - made_at <= _LONGEST_GREETING_S else entered_at


def _ended_at(call: FinishedCall) -> float:
    """Not before anything else that is known of it: clocks are set back at times."""
    last = call.record.stays[-1]
    heard_at = call.cut_at or last.released_at or last.left_at or call.last_at
    known = ((stay.entered_at, stay.left_at or 0.0) for stay in call.record.stays)
    return max(heard_at, *(at for pair in known for at in pair))


def _outcome(call: FinishedCall) -> Outcome:
    if call.cut_at is not None:
        return Outcome.SWITCH_RESTART
    return call.record.outcome or Outcome.UNSEEN


def _part(stay: Stay, cut_at: float | None) -> AgentPart:
    answered_at = stay.left_at or stay.entered_at
    released_at, talk_s = stay.released_at, stay.talk_s
    if released_at is None and cut_at is not None:
        released_at, talk_s = cut_at, max(0.0, cut_at - answered_at)
    return AgentPart(
        agent=stay.agent,
        interface="",  # the log has either the agent's name or his interface, not both
        answered_at=_when(answered_at),
        released_at=None if released_at is None else _when(released_at),
        talk_s=talk_s or 0.0,
        hold_s=0.0,
    )


def _when(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
