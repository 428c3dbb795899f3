"""The long capture of the benchmarks is the short one many times, call by call."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from telephony.events import CallRecord
from telephony.replay import replay
from tests.load.capture import SOURCE, copies_for, write_capture
from tests.load.one_call import read_one_call
from tests.load.template import BLANK_LINE, Shift, Template

COPIES = 60  # more than run at a time, so that seats come round again


def kinds(calls: Iterable[CallRecord]) -> Counter[tuple[object, ...]]:
    """What is alike in every copy of a call, and how often it occurs."""
    return Counter(
        (call.outcome, call.queue, call.wait_s, call.talk_s, call.hold_s, len(call.agents))
        for call in calls
    )


def test_a_long_capture_has_the_calls_of_every_copy(tmp_path: Path) -> None:
    messages = SOURCE.read_bytes().count(BLANK_LINE)
    long = tmp_path / "long.ami"
    write_capture(long, COPIES * messages)
    assert copies_for(COPIES * messages) == COPIES
    assert long.read_bytes().count(BLANK_LINE) == COPIES * messages

    original, calls = list(replay(SOURCE)), list(replay(long))

    assert kinds(calls) == Counter({kind: n * COPIES for kind, n in kinds(original).items()})
    assert len({call.uniqueid for call in calls}) == len(calls)
    assert len({call.caller for call in calls}) == len({call.caller for call in original}) * COPIES


def test_a_template_moves_identities_and_nothing_else() -> None:
    raw = (
        b"Event: AgentCalled\r\nTimestamp: 1795420937.849915\r\nChannel: PJSIP/trunk-00000002\r\n"
        b"CallerIDNum: 13800000002\r\nUniqueid: hotline-1795420936.2\r\nInterface: PJSIP/1001\r\n"
        b"MemberName: 8001\r\nBridgeUniqueid: 5ebd1368-c813-4a05-b213-09021bd94221\r\n"
        b"Queue: 12345\r\nLastCall: 1795420936\r\nLastPause: 0\r\n\r\n"
    )
    assert Template(raw).render(Shift()) == raw
    assert Template(raw).render(Shift(seconds=60, channels=256, seats=3, callers=1)) == (
        b"Event: AgentCalled\r\nTimestamp: 1795420997.849915\r\nChannel: PJSIP/trunk-00000102\r\n"
        b"CallerIDNum: 13800001002\r\nUniqueid: hotline-1795420996.258\r\nInterface: PJSIP/1004\r\n"
        b"MemberName: 8004\r\nBridgeUniqueid: 5ebd1369-c813-4a05-b213-09021bd94221\r\n"
        b"Queue: 12345\r\nLastCall: 1795420996\r\nLastPause: 0\r\n\r\n"
    )


def test_the_recorded_call_comes_in_four_bursts_with_their_lists() -> None:
    call = read_one_call()
    assert set(call.answers) == {"Login", "ListCommands", "Ping"}
    assert [len(burst.channels) for burst in call.bursts] == [1, 2, 2, 0]
    assert [len(burst.entries) for burst in call.bursts] == [0, 1, 0, 0]
    assert all(burst.member for burst in call.bursts)
    rings = [[one.calls_seat for one in burst.messages].count(True) for burst in call.bursts]
    assert rings == [0, 1, 0, 0]
