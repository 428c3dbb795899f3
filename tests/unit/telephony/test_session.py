"""Answers find their actions; everything else is an event."""

import pytest

from telephony.ami.action import Action
from telephony.ami.session import Session
from telephony.errors import PeerError

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def fresh() -> Session:
    session = Session()
    assert session.version is None
    session.receive(BANNER)
    assert session.version == "11.0.0"
    return session


def test_answers_are_matched_by_action_id_in_any_order() -> None:
    session = fresh()
    first, data = session.request(Action("Ping"))
    second, _ = session.request(Action("Ping"))
    assert data == f"Action: Ping\r\nActionID: {first}\r\n\r\n".encode()
    received = session.receive(
        f"Response: Error\r\nActionID: {second}\r\nMessage: no\r\n\r\n"
        f"Response: Success\r\nActionID: {first}\r\nPing: Pong\r\n\r\n".encode()
    )
    assert [action_id for action_id, _ in received.answers] == [second, first]
    refused, done = (answer for _, answer in received.answers)
    assert (refused.succeeded, refused.text) == (False, "no")
    assert (done.succeeded, done.response.get("Ping")) == (True, "Pong")


def test_a_list_is_one_answer_and_live_events_pass_it() -> None:
    session = fresh()
    action_id, _ = session.request(Action("CoreShowChannels"))
    received = session.receive(
        (
            f"Response: Success\r\nActionID: {action_id}\r\nEventList: start\r\n\r\n"
            f"Event: CoreShowChannel\r\nActionID: {action_id}\r\nUniqueid: 1.1\r\n\r\n"
            "Event: Hangup\r\nUniqueid: 9.9\r\n\r\n"
            f"Event: CoreShowChannel\r\nActionID: {action_id}\r\nUniqueid: 1.2\r\n\r\n"
        ).encode()
    )
    assert not received.answers
    assert received.events == [b"Event: Hangup\r\nUniqueid: 9.9"]
    received = session.receive(
        f"Event: CoreShowChannelsComplete\r\nActionID: {action_id}\r\n"
        "EventList: Complete\r\nListItems: 2\r\n\r\n".encode()
    )
    [(_, answer)] = received.answers
    assert [item.get("Uniqueid") for item in answer.items] == ["1.1", "1.2"]


def test_an_action_completed_by_an_event() -> None:
    session = fresh()
    action_id, _ = session.request(Action("Originate", completed_by="OriginateResponse"))
    assert not session.receive(
        f"Response: Success\r\nActionID: {action_id}\r\nMessage: queued\r\n\r\n".encode()
    ).answers
    [(_, answer)] = session.receive(
        f"Event: OriginateResponse\r\nActionID: {action_id}\r\nReason: 5\r\n\r\n".encode()
    ).answers
    assert answer.items[0].get("Reason") == "5"


def test_the_end_of_its_own_dialling_belongs_to_the_answer() -> None:
    session = fresh()
    originate = Action("Originate", completed_by="OriginateResponse", dials="survey-1")
    action_id, _ = session.request(originate)
    received = session.receive(
        f"Response: Success\r\nActionID: {action_id}\r\n\r\n"
        "Event: DialEnd\r\nDestUniqueid: survey-2\r\nDialStatus: ANSWER\r\n\r\n"
        "Event: DialEnd\r\nDestUniqueid: survey-1\r\nDialStatus: BUSY\r\n\r\n"
        f"Event: OriginateResponse\r\nActionID: {action_id}\r\nReason: 0\r\n\r\n".encode()
    )
    assert len(received.events) == 2  # they remain live events
    [(_, answer)] = received.answers
    assert [item.name for item in answer.items] == ["DialEnd", "OriginateResponse"]
    assert answer.items[0].get("DialStatus") == "BUSY"


def test_an_immediate_error_completes_it_too() -> None:
    session = fresh()
    action_id, _ = session.request(Action("Originate", completed_by="OriginateResponse"))
    [(_, answer)] = session.receive(
        f"Response: Error\r\nActionID: {action_id}\r\nMessage: no extension\r\n\r\n".encode()
    ).answers
    assert not answer.succeeded


def test_items_of_a_forgotten_list_are_never_events() -> None:
    session = fresh()
    action_id, _ = session.request(Action("CoreShowChannels"))
    session.forget(action_id)
    received = session.receive(
        f"Response: Success\r\nActionID: {action_id}\r\nEventList: start\r\n\r\n"
        f"Event: CoreShowChannel\r\nActionID: {action_id}\r\nUniqueid: 1.1\r\n\r\n".encode()
    )
    assert not received.events
    assert not received.answers


def test_a_message_that_is_neither_is_no_ami() -> None:
    with pytest.raises(PeerError, match="no AMI"):
        fresh().receive(b"Hello: there\r\n\r\n")
