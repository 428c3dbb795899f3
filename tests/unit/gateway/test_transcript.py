"""A transcript's messages as said now: shifted alike everywhere, and nothing else is changed."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import switchboards
from gateway.settings import Settings
from gateway.switchboards import start_switchboard
from gateway.transcript import DAY, MARK, check_transcript, is_replayed, read_messages, shift
from telephony.ami.message import Message
from telephony.clock import timestamp, uniqueid_epoch
from telephony.errors import PeerError
from telephony.events import CallEvent, CallRecord
from telephony.replay import replay
from telephony.tracker import Tracker

WIRE = Path(__file__).parents[2] / "wire"
CAPTURES = [WIRE / "mixed.ami", WIRE / "harder.ami", DAY]
ID = re.compile(r"(?:hotline-)?(\d{9,11})\.(\d+)")

SHIFTS = st.integers(-1_000_000_000, 4_000_000_000)


def moved(value: str, by_s: int) -> str:
    """The Uniqueid of a channel as it is to be after a shift."""
    if match := ID.fullmatch(value):
        return f"{MARK}{int(match[1]) + by_s}.{match[2]}"
    return value


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
@given(by_s=SHIFTS)
def test_only_times_and_ids_move(capture: Path, by_s: int) -> None:
    for raw in list(read_messages(capture))[::50]:
        before, after = list(Message(raw)), list(Message(shift(raw, by_s)))
        assert [name for name, _ in after] == [name for name, _ in before]
        for (name, old), (_, new) in zip(before, after, strict=True):
            if name == "Timestamp":
                assert float(new) == pytest.approx(float(old) + by_s, abs=1e-5)
            elif name.endswith(("Uniqueid", "Linkedid")):
                assert new == moved(old, by_s)
            else:
                assert new == old


@given(
    epochs=st.tuples(*[st.integers(1_000_000_000, 9_999_999_999)] * 2),
    serials=st.tuples(*[st.integers(0, 100_000)] * 2),
    shifts=st.tuples(*[st.integers(0, 1_000_000)] * 2),
)
def test_ids_of_different_calls_or_rounds_differ(
    epochs: tuple[int, int], serials: tuple[int, int], shifts: tuple[int, int]
) -> None:
    """Within a round by epoch and serial, between rounds by the shift."""
    ids = [
        Message(shift(b"Event: Hangup\r\nUniqueid: hotline-%d.%d" % (epoch, serial), by_s)).get(
            "Uniqueid"
        )
        for epoch, serial, by_s in zip(epochs, serials, shifts, strict=True)
    ]
    same_call = epochs[0] == epochs[1] and serials[0] == serials[1]
    if same_call or shifts[0] == shifts[1]:
        assert (ids[0] == ids[1]) == (same_call and shifts[0] == shifts[1])
    assert all(
        uniqueid_epoch(one, -1) == epoch + by_s
        for one, epoch, by_s in zip(ids, epochs, shifts, strict=True)
    )


@given(words=st.text().map(lambda text: text.replace("\r", "").replace("\n", "")), by_s=SHIFTS)
def test_what_people_call_themselves_stays(words: str, by_s: int) -> None:
    name = f"Timestamp: 1.5 Uniqueid: hotline-1795420933.0 {words}".encode()
    raw = b"Event: Newchannel\r\nCallerIDName: " + name + b"\r\nExten: 12345"
    assert shift(raw, by_s) == raw


def calls_of(capture: Path, by_s: int) -> list[CallRecord]:
    """The calls of a capture, shifted, in the order in which they end."""
    tracker = Tracker("sb1", inbound_contexts={"from-trunk"})
    events = tracker.feed_all([shift(raw, by_s) for raw in read_messages(capture)], 0.0)
    return [one.call for one in events if isinstance(one, CallEvent) and one.name == "call.ended"]


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_the_same_calls_later(capture: Path) -> None:
    by_s = 1000
    shifted = calls_of(capture, by_s)
    recorded = list(replay(capture, {"from-trunk"}))
    assert [call.uniqueid for call in shifted] == [moved(call.uniqueid, by_s) for call in recorded]
    for now, then in zip(shifted, recorded, strict=True):
        assert is_replayed(now.call_id)
        assert not is_replayed(then.call_id)
        assert (now.arrived_at - then.arrived_at).total_seconds() == pytest.approx(by_s)
        assert (now.outcome, now.caller, now.queue) == (then.outcome, then.caller, then.queue)
        assert now.talk_s == pytest.approx(then.talk_s, abs=1e-4)


def test_the_day_that_comes_with_the_program() -> None:
    """Several agents, calls of every usual end, nobody's number, and all is over at its end."""
    calls = list(replay(DAY, {"from-trunk"}))
    assert len(calls) >= 20
    assert len({part.agent for call in calls for part in call.agents}) >= 4
    outcomes = {call.outcome.value for call in calls if call.outcome}
    assert outcomes >= {"answered", "abandoned_queue", "abandoned_greeting", "timed_out"}
    assert {call.caller[:3] for call in calls} == {"160"}  # no telephone number begins so
    check_transcript(DAY)
    messages = list(read_messages(DAY))
    assert all(timestamp(raw) is not None for raw in messages)
    tracker = Tracker("sb1", inbound_contexts={"from-trunk"})
    for raw in messages:
        tracker.feed(raw, 0.0)
    assert tracker.open_calls(0.0) == []
    assert {seat.state.value for seat in tracker.seats(0.0)} == {"logged_out"}


@pytest.mark.parametrize("content", [b"", b"\r\n\r\n\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n" * 3])
def test_no_capture(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "day.ami").write_bytes(content)
    with pytest.raises(PeerError, match=r"day\.ami is no AMI capture"):
        check_transcript(tmp_path / "day.ami")


@pytest.mark.parametrize(
    ("call_id", "replayed"),
    [("sb1-transcript-1795420933.0", True), ("sb1-1795420933.0", False), (None, False)],
)
def test_replayed_calls_are_known_by_their_id(call_id: str | None, replayed: bool) -> None:
    assert is_replayed(call_id) is replayed


@pytest.mark.parametrize(
    ("root", "apt", "why"),
    [(1000, "/usr/bin/apt-get", "needs root"), (0, None, "needs a Debian-like system")],
)
async def test_where_no_asterisk_can_be_started_the_day_is_replayed(
    monkeypatch: pytest.MonkeyPatch, root: int, apt: str | None, why: str
) -> None:
    monkeypatch.setattr(switchboards.os, "geteuid", lambda: root)
    monkeypatch.setattr(switchboards.shutil, "which", lambda _name: apt)
    async with switchboards.AsyncExitStack() as stack:
        board = await start_switchboard(Settings(), stack, demo=False)
    assert (board.endpoint, board.transcript) == (None, DAY)
    said = " ".join(board.notice.split())
    for words in (
        why,
        "day.ami is replayed",
        "does not work",
        "no call can be placed",
        "refused",
        "nobody is called back",
        "nobody rates",
        "HOTLINE_AMI_URL",
    ):
        assert words in said
