"""No telephone number reaches a log, whatever it is part of; ids of calls and cases do."""

import json
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.logs import hide_numbers

MOBILE = "13800000001"


def shown(value: object) -> object:
    """What of ``value`` reaches the log."""
    return hide_numbers(None, "info", {"value": value})["value"]


@pytest.mark.parametrize(
    "text",
    [
        MOBILE,
        f"+86{MOBILE}",
        f"86{MOBILE}",
        f"来电{MOBILE}，排队",
        f"call from {MOBILE}.",
        f"PJSIP/{MOBILE}@trunk-0000002a",
        f"sip:{MOBILE}@127.0.0.1:5070",
        f"Key (caller)=({MOBILE}) already exists.",
        f"caller-{MOBILE}-1",
        f"caller_{MOBILE}",
        f"tel{MOBILE}x",
        "01066668888",
        "010-66668888",
        "0755-8888888,1",
        "+8675588888888",
        "话机4008123456。",
        "96310123.",
    ],
)
def test_number_is_hidden(text: str) -> None:
    assert re.search(r"\d{6}(?!\w)|\d{9}", str(shown(text))) is None


@pytest.mark.parametrize(
    "text",
    [
        "sb1-1795420933.12",
        "hotline-1795420933.0",
        "sb1-transcript-1795420933.12",
        "1795420933.299772",
        "20261123-00001",
        "550e8400-e29b-41d4-a716-446655440000",
        "2026-11-23T08:39:32.694559Z",
        "12345",
        "127.0.0.1:49179",
        "cannot listen on 127.0.0.1:8080",
        "9f1c2d3e4a5b60718293a4b5c6d7e8f9",
    ],
)
def test_id_is_kept(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    "value",
    [
        [MOBILE],
        (f"PJSIP/{MOBILE}",),
        {"caller": MOBILE},
        {MOBILE: 1},
        {"calls": [{"caller": f"+86{MOBILE}"}]},
        int(MOBILE),
        MOBILE.encode(),
        ValueError(f"bad number {MOBILE}"),
        {MOBILE},
    ],
)
def test_number_inside_a_value_is_hidden(value: object) -> None:
    assert MOBILE not in json.dumps(shown(value), default=repr)


@pytest.mark.parametrize("value", [0, 4242, -1, 2.5, True, None, ["web", 3], {"ready": False}])
def test_other_values_are_kept(value: object) -> None:
    assert shown(value) == value


@given(st.text(), st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text())
def test_mobile_number_anywhere(before: str, number: str, after: str) -> None:
    text = before.rstrip("0123456789") + number + after.lstrip("0123456789")
    assert number not in str(shown(text))


PROGRAM = """
import logging, structlog
from gateway.logs import configure_logs

configure_logs()
structlog.get_logger("gateway.test").info("call_repaired", call="sb1-1795420933.12", to=MOBILE)
logging.getLogger("library").warning("dialling %s failed", MOBILE)
try:
    int(f"number {MOBILE}")
except ValueError:
    structlog.get_logger("gateway.test").exception("command_failed")
"""


def test_lines_of_the_program_and_of_libraries() -> None:
    """In a process of its own, because logging belongs to the whole process."""
    program = f"MOBILE = {MOBILE!r}\n{PROGRAM}"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [line["event"] for line in lines] == [
        "call_repaired",
        "dialling [number] failed",
        "command_failed",
    ]
    assert lines[0]["call"] == "sb1-1795420933.12"
    assert "ValueError" in lines[2]["exception"]
    assert MOBILE not in ran.stderr
