"""Bytes to messages: the same whatever the slicing, and never without bound."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.ami.frame import Framer
from telephony.errors import PeerError

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
line = st.binary(min_size=1, max_size=30).filter(lambda b: b"\r" not in b and b"\n" not in b)
message = st.lists(line, min_size=1, max_size=6).map(b"\r\n".join)


@given(st.lists(message, max_size=8), st.lists(st.integers(0, 400), max_size=12))
def test_any_slicing_gives_the_same_messages(messages: list[bytes], cuts: list[int]) -> None:
    stream = BANNER + b"".join(one + b"\r\n\r\n" for one in messages)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    framer = Framer()
    got: list[bytes] = []
    for start, end in itertools.pairwise(edges):
        got += framer.feed(stream[start:end])
    assert got == messages
    assert framer.version == "11.0.0"


def test_one_byte_segments() -> None:
    framer = Framer()
    stream = BANNER + "Event: A\r\nName: 汉字\r\n\r\nEvent: B\r\n\r\n".encode()
    got = [one for byte in stream for one in framer.feed(bytes([byte]))]
    assert got == ["Event: A\r\nName: 汉字".encode(), b"Event: B"]


def test_a_partial_message_is_kept_back() -> None:
    framer = Framer()
    assert framer.feed(BANNER + b"Event: A\r\nX: ") == []
    assert framer.feed(b"1\r\n\r\nEvent: B") == [b"Event: A\r\nX: 1"]


@pytest.mark.parametrize(
    "greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n", b"\x16\x03\x01", b"X"]
)
def test_another_protocol_is_named(greeting: bytes) -> None:
    with pytest.raises(PeerError, match="no AMI"):
        Framer().feed(greeting)


@pytest.mark.parametrize("stream", [BANNER[:-1] + b"x" * 70, BANNER + b"Event: A\r\n" + b"x" * 70])
def test_a_message_without_end_is_refused(stream: bytes) -> None:
    framer = Framer(limit=64)
    with pytest.raises(PeerError, match="without the end of a message"):
        framer.feed(stream)


def test_a_capture_may_start_in_the_middle() -> None:
    framer = Framer(banner_required=False)
    assert framer.feed(b"Event: A\r\n\r\n") == [b"Event: A"]
    assert framer.version is None
