"""A recorded transcript in place of a switchboard: its calls happen again, now, over and over.

Everything behind the tracker works as with a switchboard. What needs one to answer does not:
`TranscriptLink` refuses every request.
"""

import asyncio
import math
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import fill

from gateway.errors import CommandRefusedError
from telephony.ami.action import Action
from telephony.ami.client import DEFAULT_TIMEOUT_S
from telephony.ami.frame import Framer
from telephony.ami.message import EVENT, RESPONSE
from telephony.ami.session import Answer
from telephony.clock import timestamp
from telephony.errors import NotConnectedError, PeerError
from telephony.events import CallRecord, Event
from telephony.link import LinkSink, LinkState, LinkStatus
from telephony.snapshot import Snapshot
from telephony.tracker import Tracker

DAY = Path(__file__).parent.parent / "deploy" / "transcripts" / "day.ami"
MARK = "transcript-"  # begins the Uniqueid of every call that was only replayed

_CHUNK = 1 << 16
_ACTION_ID = b"\r\nActionID:"
_TIME = re.compile(rb"^(Timestamp: )(\d{1,11})", re.MULTILINE)
_ID = re.compile(
    rb"^(\w*(?:Uniqueid|Linkedid): )(?:[^\r\n]*-)?(\d{9,11})(\.\d+)(?=\r|\Z)", re.MULTILINE
)


def shift(raw: bytes, by_s: int) -> bytes:
    """One raw message as said ``by_s`` whole seconds later, of channels of its own.

    ``Timestamp`` and the epoch in every ``…Uniqueid`` and ``…Linkedid`` move by the same, so that
    different ``by_s`` never give the same id; the ids begin with `MARK` instead of the name of the
    switchboard. All else stays as it is.
    """

    def later(match: re.Match[bytes]) -> bytes:
        return b"%s%d" % (match[1], int(match[2]) + by_s)

    def renamed(match: re.Match[bytes]) -> bytes:
        return b"%s%s%d%s" % (match[1], MARK.encode(), int(match[2]) + by_s, match[3])

    return _ID.sub(renamed, _TIME.sub(later, raw))


def is_replayed(call_id: str | None) -> bool:
    """Whether this is a call of a transcript, about which nobody may be called."""
    return call_id is not None and f"-{MARK}" in call_id


def read_messages(path: Path) -> Iterator[bytes]:
    """The raw AMI messages of a capture, in order.

    Raises `PeerError` when it cannot be read or holds no AMI message.
    """
    framer = Framer(banner_required=False)
    found = False
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                for raw in framer.feed(chunk):
                    if raw.startswith((EVENT, RESPONSE)):
                        found = True
                        yield raw
    except OSError as error:
        raise PeerError(f"cannot read {path}: {error.strerror}") from None
    if not found:
        raise PeerError(f"{path} is no AMI capture: there is no AMI message in it")


def check_transcript(path: Path) -> None:
    """Raise `PeerError` unless ``path`` is a capture that can be replayed in real time."""
    if all(timestamp(raw) is None for raw in read_messages(path)):
        raise PeerError(
            f"{path} cannot be replayed in real time: its messages carry no Timestamp "
            "(timestampevents=yes in manager.conf)"
        )


def notice(path: Path, why: str) -> str:
    """What the operator must know of a replay, as a paragraph for the terminal."""
    return fill(
        f"There is no switchboard here: {why}. The recorded transcript {path.name} is replayed in "
        "real time, over and over; its calls are shown, recorded and counted. This does not work: "
        "no call can be placed, the commands of seats are refused, nobody is called back and "
        "nobody rates. Set HOTLINE_AMI_URL to work with a switchboard of your own.",
        width=88,
    )


async def refuse_command(_command: object) -> None:
    """Refuse a seat command. Always raises `CommandRefusedError`."""
    raise CommandRefusedError("当前回放的是录制的通话，没有连接真实的交换机，坐席操作不可用")


class TranscriptLink:
    """What `telephony.link.Link` is for a switchboard, for a transcript."""

    def __init__(self, path: Path, tracker: Tracker, sink: LinkSink) -> None:
        self.tracker = tracker
        self.state = LinkState(LinkStatus.DOWN, "not started")
        self.heard_before: float | None = None
        self._path = path
        self._sink = sink
        self._ahead_s = 0.0  # of the time replayed to the event loop's steady clock

    def switch_now(self) -> float:
        """Now by the clock of the replay, epoch seconds; steady while one round lasts."""
        return asyncio.get_running_loop().time() + self._ahead_s

    async def request(self, action: Action, timeout_s: float = DEFAULT_TIMEOUT_S) -> Answer:
        """Always raises `NotConnectedError`."""
        del timeout_s
        raise NotConnectedError(f"{action.name} needs a switchboard; a transcript is replayed")

    async def run(self) -> None:
        """Replay for ever. Raises `PeerError` when the file cannot be replayed any more."""
        self._set_clock()
        recorded = await self._sink.load_open_calls()
        ours = [call for call in recorded if call.uniqueid.startswith(MARK)]
        reason = f"the transcript {self._path.name} is replayed, there is no switchboard"
        self.state = LinkState(LinkStatus.UP, reason)
        self._sink.on_state(self.state)
        while True:
            self._set_clock()
            self._clear(ours)
            ours = []
            await self._play()

    def _set_clock(self) -> None:
        self._ahead_s = time.time() - asyncio.get_running_loop().time()

    def _clear(self, known: Sequence[CallRecord]) -> None:
        """Nothing is up and nobody is logged in when a round begins."""
        nothing = Snapshot(taken_at=self.switch_now(), channels=(), queues=())
        restored = self.tracker.restore(nothing, known)
        self._tell(restored.events)
        if restored.lost:
            self._sink.on_lost(restored.lost)

    async def _play(self) -> None:
        by_s = None
        for raw in read_messages(self._path):
            said_at = timestamp(raw)
            if said_at is None or _ACTION_ID in raw:  # answers to whoever recorded it
                continue
            if by_s is None:
                by_s = math.floor(self.switch_now() - said_at) + 1
            await self._until(said_at + by_s)
            self._tell(self.tracker.feed(shift(raw, by_s), self.switch_now()))

    async def _until(self, then: float) -> None:
        """Wait, and meanwhile do what falls due."""
        while (due := self.tracker.due_at) is not None and due < then:
            await asyncio.sleep(due - self.switch_now())
            self._tell(self.tracker.tick(max(due, self.switch_now())))
        await asyncio.sleep(then - self.switch_now())

    def _tell(self, events: Sequence[Event]) -> None:
        if events:
            self._sink.on_events(events)
