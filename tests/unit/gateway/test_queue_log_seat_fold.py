"""T11: seat states out of a stream of queue_log lines."""

import pytest

from telephony.events import SeatState
from tests.support.folding import stretches


def test_a_shift() -> None:
    assert stretches(
        "0|MANAGER|q|PJSIP/8001|ADDMEMBER|",
        "0|MANAGER|r|PJSIP/8001|ADDMEMBER|",
        "100|1.7|q|PJSIP/8001|CONNECT|9|1.8|4",
        "160|1.7|q|PJSIP/8001|COMPLETECALLER|9|60|1",
        "200|1.9|q|PJSIP/8001|RINGNOANSWER|15000",
        "200|NONE|NONE|PJSIP/8001|PAUSEALL|rest",
        "200|NONE|q|PJSIP/8001|PAUSE|rest",
        "200|NONE|r|PJSIP/8001|PAUSE|rest",
        "500|NONE|NONE|PJSIP/8001|UNPAUSEALL|",
        "500|NONE|q|PJSIP/8001|UNPAUSE|",
        "500|NONE|r|PJSIP/8001|UNPAUSE|",
        "900|MANAGER|q|PJSIP/8001|REMOVEMEMBER|",
        "950|MANAGER|r|PJSIP/8001|REMOVEMEMBER|",
    ) == [
        ("8001", SeatState.READY, "", 0, 96),
        ("8001", SeatState.RINGING, "", 96, 100),
        ("8001", SeatState.TALKING, "", 100, 160),
        ("8001", SeatState.READY, "", 160, 185),
        ("8001", SeatState.RINGING, "", 185, 200),
        ("8001", SeatState.NOT_READY, "rest", 200, 500),
        ("8001", SeatState.READY, "", 500, 950),
    ]


def test_agents_who_log_in_by_telephone() -> None:
    assert stretches(
        "0|1.1|NONE|Agent/8001|AGENTLOGIN|SIP/8001-00a1",
        "0|1.2|NONE|Agent/8002|AGENTCALLBACKLOGIN|8002@seats",
        "50|1.7|q|Agent/8001|CONNECT|9|1.8",
        "70|1.7|q|Agent/8001|COMPLETEAGENT|9|20|1",
        "90|NONE|NONE|Agent/8002|AGENTCALLBACKLOGOFF|8002@seats|90|CommandLogoff",
        "100|1.1|NONE|Agent/8001|AGENTLOGOFF|SIP/8001-00a1|100",
    ) == [
        ("8001", SeatState.READY, "", 0, 50),
        ("8001", SeatState.TALKING, "", 50, 70),
        ("8002", SeatState.READY, "", 0, 90),
        ("8001", SeatState.READY, "", 70, 100),
    ]


def test_a_pause_for_wrap_up_is_wrap_up() -> None:
    assert stretches(
        "0|MANAGER|q|8001|ADDMEMBER|",
        "10|NONE|q|8001|PAUSE|话后处理",
        "30|NONE|q|8001|UNPAUSE|",
        "40|MANAGER|q|8001|REMOVEMEMBER|",
    ) == [
        ("8001", SeatState.READY, "", 0, 10),
        ("8001", SeatState.WRAP_UP, "", 10, 30),
        ("8001", SeatState.READY, "", 30, 40),
    ]


def test_paused_in_one_queue_of_two_is_ready() -> None:
    assert stretches(
        "0|MANAGER|q|8001|ADDMEMBER|",
        "0|MANAGER|r|8001|ADDMEMBER|PAUSED",
        "10|NONE|q|8001|PAUSE|lunch",
        "20|NONE|r|8001|UNPAUSE|",
        "30|MANAGER|r|8001|REMOVEMEMBER|",
        "40|MANAGER|q|8001|REMOVEMEMBER|",
    ) == [
        ("8001", SeatState.READY, "", 0, 10),
        ("8001", SeatState.NOT_READY, "lunch", 10, 20),
        ("8001", SeatState.READY, "", 20, 30),
        ("8001", SeatState.NOT_READY, "lunch", 30, 40),
    ]


def test_a_static_member_has_ringing_and_talking_alone() -> None:
    assert stretches(
        "100|1.7|q|SIP/8001|CONNECT|9|1.8|4",
        "160|1.7|q|SIP/8001|COMPLETECALLER|9|60|1",
        "400|1.9|q|SIP/8001|CONNECT|9|1.8|0",
        "460|1.9|q|SIP/8001|COMPLETECALLER|9|60|1",
    ) == [
        ("8001", SeatState.RINGING, "", 96, 100),
        ("8001", SeatState.TALKING, "", 100, 160),
        ("8001", SeatState.TALKING, "", 400, 460),
    ]


@pytest.mark.parametrize(
    "later",
    ["50000|NONE|q|8001|PAUSE|rest", "300|1.9|q|8001|CONNECT|9|1.8|0"],
    ids=["long ago", "the next call"],
)
def test_a_conversation_without_an_end_is_not_counted(later: str) -> None:
    found = stretches("0|MANAGER|q|8001|ADDMEMBER|", "100|1.7|q|8001|CONNECT|9|1.8|0", later)
    assert found == [("8001", SeatState.READY, "", 0, 100)]


def test_the_leaving_of_a_queue_while_talking() -> None:
    assert stretches(
        "0|MANAGER|q|8001|ADDMEMBER|",
        "100|1.7|q|8001|CONNECT|9|1.8|0",
        "110|MANAGER|q|8001|REMOVEMEMBER|",
        "160|1.7|q|8001|COMPLETECALLER|9|60|1",
        "300|MANAGER|q|8001|ADDMEMBER|",
    ) == [
        ("8001", SeatState.READY, "", 0, 100),
        ("8001", SeatState.TALKING, "", 100, 160),
    ]


def test_a_restart_ends_all_states_at_the_last_sign_of_life() -> None:
    assert stretches(
        "0|MANAGER|q|8001|ADDMEMBER|",
        "50|MANAGER|q|8002|ADDMEMBER|",
        "90000|NONE|NONE|NONE|QUEUESTART|",
        "90100|MANAGER|q|8001|ADDMEMBER|",
    ) == [("8001", SeatState.READY, "", 0, 50)]


def test_no_state_reaches_across_a_hole_in_the_log() -> None:
    assert stretches(
        "0|MANAGER|q|8001|ADDMEMBER|",
        "50|NONE|q|8001|PAUSE|rest",
        "60|MANAGER|q|8002|ADDMEMBER|",
        "9000000|NONE|q|8001|UNPAUSE|",
        "9000100|MANAGER|q|8001|REMOVEMEMBER|",
        "9000100|MANAGER|q|8002|REMOVEMEMBER|",
    ) == [
        ("8001", SeatState.READY, "", 0, 50),
        ("8001", SeatState.NOT_READY, "rest", 50, 60),
        ("8001", SeatState.READY, "", 9000000, 9000100),
    ]


def test_a_clock_set_back_makes_no_overlap() -> None:
    found = stretches(
        "100|MANAGER|q|8001|ADDMEMBER|",
        "200|NONE|q|8001|PAUSE|a",
        "150|NONE|q|8001|UNPAUSE|",
        "180|NONE|q|8001|PAUSE|b",
        "300|NONE|q|8001|UNPAUSE|",
    )
    assert found == [
        ("8001", SeatState.READY, "", 100, 200),
        ("8001", SeatState.NOT_READY, "b", 200, 300),
    ]
