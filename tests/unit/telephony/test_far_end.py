"""What becomes of whom a channel of ours dials: by `DialEnd`, and by CEL."""

import pytest

from telephony.ami.message import Message
from telephony.cel import CelEvent
from telephony.far_end import FarEnd, FarEndSeen, far_end_of, far_end_signs

NEAR, FAR = "ringback-1", "1795422746.7"


def event(name: str, uniqueid: str, at: float, **extra: object) -> CelEvent:
    return CelEvent(
        name=name,
        at=at,
        number="",
        exten="",
        context="seats",
        channel="PJSIP/x-1",
        app="",
        app_data="",
        uniqueid=uniqueid,
        linkedid=NEAR,
        extra=extra,
    )


def ended(status: str) -> list[CelEvent]:
    return [event("HANGUP", NEAR, 9, dialstatus=status), event("CHAN_END", NEAR, 9)]


NEAR_UP = [event("CHAN_START", NEAR, 1), event("ANSWER", NEAR, 2)]
RANG = event("CHAN_START", FAR, 3)
ANSWERED = event("ANSWER", FAR, 5)


@pytest.mark.parametrize(
    ("events", "seen"),
    [
        ([], None),
        (NEAR_UP, None),
        ([*NEAR_UP, RANG, ANSWERED], None),  # they still talk
        ([*NEAR_UP, *ended("")], FarEndSeen(FarEnd.NOT_DIALLED, 9)),
        ([*NEAR_UP, RANG, ANSWERED, *ended("ANSWER")], FarEndSeen(FarEnd.ANSWERED, 5)),
        ([*NEAR_UP, RANG, *ended("BUSY")], FarEndSeen(FarEnd.BUSY, 9)),
        ([*NEAR_UP, RANG, *ended("NOANSWER")], FarEndSeen(FarEnd.NO_ANSWER, 9)),
        ([*NEAR_UP, RANG, *ended("CHANUNAVAIL")], FarEndSeen(FarEnd.CONGESTED, 9)),
        ([*NEAR_UP, RANG, *ended("CANCEL")], FarEndSeen(FarEnd.CANCELLED, 9)),
        ([*NEAR_UP, RANG, *ended("")], FarEndSeen(FarEnd.NO_ANSWER, 9)),
    ],
)
def test_by_cel(events: list[CelEvent], seen: FarEndSeen | None) -> None:
    assert far_end_of(events, NEAR) == seen
    assert far_end_of(events, "ringback-2") is None


@pytest.mark.parametrize(
    ("status", "what"),
    [
        ("ANSWER", FarEnd.ANSWERED),
        ("BUSY", FarEnd.BUSY),
        ("NOANSWER", FarEnd.NO_ANSWER),
        ("CHANUNAVAIL", FarEnd.CONGESTED),
        ("CANCEL", FarEnd.CANCELLED),
        ("RINGING", None),
    ],
)
def test_by_event(status: str, what: FarEnd | None) -> None:
    raw = f"Event: DialEnd\r\nUniqueid: {NEAR}\r\nDestUniqueid: {FAR}\r\nDialStatus: {status}"
    message = Message(raw.encode())
    seen = [found for sign, found in far_end_signs(NEAR).items() if sign.is_in(message)]
    assert seen == ([what] if what else [])
    assert not any(sign.is_in(message) for sign in far_end_signs("ringback-2"))
