"""Replay of files that are odd, and totals."""

from pathlib import Path

import pytest

from telephony.errors import PeerError
from telephony.replay import Totals, replay
from tests.unit.telephony.scenes import answered, queued
from tests.unit.telephony.story import Story


@pytest.mark.parametrize(
    "data",
    [b"", b"just text\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x00" * 5000, b"x" * (2 << 20)],
)
def test_what_is_no_capture_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.ami"
    path.write_bytes(data)
    with pytest.raises(PeerError, match="no AMI"):
        list(replay(path))


def test_totals_and_calls_that_do_not_end(tmp_path: Path) -> None:
    story = Story()
    caller, _ = answered(story)
    story.hangup(caller)
    queued(story)
    path = tmp_path / "two.ami"
    path.write_bytes(story.data() + b"Event: Hangup\r\nUniqueid: torn")
    totals = Totals()
    ended, waiting = replay(path, totals=totals)
    assert ended.ended_at is not None
    assert (waiting.ended_at, waiting.outcome, waiting.offered) == (None, None, True)
    assert totals.to_json() == {
        "totals": True, "messages": len(story.messages), "calls": 2, "offered": 2, "answered": 1,
        "unfinished": 1, "outcomes": {"answered": 1},
    }  # fmt: skip
