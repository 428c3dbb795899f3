"""Headers, read one at a time."""

import pytest

from telephony.ami.message import Message, check_is_ami, event_name
from telephony.errors import PeerError

RAW = (
    b"Event: Newchannel\r\nPrivilege: call,all\r\nCallerIDName: \xd6\xd0\xb9\xfa\r\nExten: \r\n"
    b"ChanVariable: a=1\r\nChanVariable: b=2\r\nStatus:tight\r\nUniqueid: 1.2"
)


def test_headers() -> None:
    message = Message(RAW)
    assert message.name == "Newchannel"
    assert message.get("Event") == "Newchannel"
    assert message.get("Uniqueid") == "1.2"
    assert message.get("Exten", "unset") == ""
    assert message.get("Queue", "unset") == "unset"
    assert message.get("Status") == "tight"
    assert message.get("ChanVariable") == "a=1"
    assert message.get_all("ChanVariable") == ["a=1", "b=2"]
    assert "Exten" in message
    assert "Event" in message
    assert "Queue" not in message


def test_bytes_that_are_not_utf_8_survive() -> None:
    name = Message(RAW).get("CallerIDName")
    assert name.encode("utf-8", "surrogateescape") == b"\xd6\xd0\xb9\xfa"


def test_a_header_name_inside_a_value_is_no_header() -> None:
    message = Message(b"Event: UserEvent\r\nText: Uniqueid: 9.9\r\nUniqueid: 1.2")
    assert message.get("Uniqueid") == "1.2"


@pytest.mark.parametrize(
    ("text", "number"),
    [("3", 3.0), ("2.5", 2.5), ("", 7.0), ("x", 7.0), ("inf", 7.0), ("nan", 7.0)],
)
def test_numbers(text: str, number: float) -> None:
    assert Message(f"Event: A\r\nHoldTime: {text}".encode()).number("HoldTime", 7.0) == number


def test_event_name() -> None:
    assert event_name(RAW) == b"Newchannel"
    assert event_name(b"Response: Success\r\nActionID: 1") is None
    assert event_name(b"Event: Alone") == b"Alone"


def test_what_is_no_ami_is_refused() -> None:
    check_is_ami(b"Response: Error")
    with pytest.raises(PeerError, match="no AMI"):
        check_is_ami(b"GET / HTTP/1.1")
