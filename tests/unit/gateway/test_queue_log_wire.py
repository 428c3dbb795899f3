"""T11: what the import makes of a real switchboard's queue_log is what was seen live."""

from pathlib import Path

import pytest

from gateway.queue_log_import.call_record import call_record
from gateway.queue_log_import.history import History
from telephony.events import CallRecord, Outcome
from telephony.queue_log import read_lines
from telephony.replay import replay

WIRE = Path(__file__).parents[2] / "wire"
CAPTURES = sorted(path for path in WIRE.glob("*.ami") if path.with_suffix(".queue_log").exists())
SECOND = 1.01  # queue_log has whole seconds at both ends
# Calls that never came into a queue are not in its log.
NOT_LOGGED = {Outcome.ABANDONED_GREETING, Outcome.REFUSED_FULL, Outcome.REFUSED_NO_STAFF}


def imported(queue_log: Path) -> dict[str, CallRecord]:
    """By Uniqueid."""
    history = History.empty()
    for line in read_lines(queue_log.read_text().splitlines()).lines:
        assert history.take(line) is None
    finished = history.calls.drain() + history.calls.unfinished()
    return {call.uniqueid: call for call in (call_record("replay", one) for one in finished)}


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_the_import_agrees_with_what_was_seen_live(capture: Path) -> None:
    live = {call.uniqueid: call for call in replay(capture, {"from-trunk"})}
    ours = imported(capture.with_suffix(".queue_log"))
    logged = {uid: call for uid, call in live.items() if call.outcome not in NOT_LOGGED}
    assert ours.keys() == logged.keys()
    for uniqueid, truth in logged.items():
        call = ours[uniqueid]
        assert (call.outcome, call.queue, call.caller) == (truth.outcome, truth.queue, truth.caller)
        assert abs((call.arrived_at - truth.arrived_at).total_seconds()) <= SECOND
        assert call.wait_s == pytest.approx(truth.wait_s, abs=SECOND)
        assert call.agent == truth.agent
        if len(truth.agents) == 1:  # the log knows nothing of whom a call was transferred to
            assert call.talk_s == pytest.approx(truth.talk_s + truth.hold_s, abs=SECOND)
