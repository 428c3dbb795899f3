"""GeoReport v2 on the wire: JSON as XML, and what is hidden in texts (C9)."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.open311_wire import as_xml
from ticketing.errors import CaseInvalidError
from ticketing.inbound import telephone
from ticketing.service_requests import RequestStatus, window, without_personal

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)


def test_lists_are_containers_of_what_they_repeat() -> None:
    rows = [{"service_code": "0101", "metadata": False, "lat": 31.5, "note": None, "a": "<&>"}]
    assert as_xml("services", rows).decode() == (
        "<?xml version='1.0' encoding='utf-8'?>\n<services><service>"
        "<service_code>0101</service_code><metadata>false</metadata><lat>31.5</lat><note />"
        "<a>&lt;&amp;&gt;</a></service></services>"
    )


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_makes_a_document(text: str) -> None:
    read = ET.fromstring(as_xml("errors", [{"description": text}]))  # noqa: S314  # our own
    shown = read.findtext("error/description") or ""
    kept = "".join(c for c in text if c >= " " or c in "\t\n\r")
    assert shown.replace("\n", "") in kept.replace("\r", "\n").replace("\n", "").translate(
        {0xFFFE: None, 0xFFFF: None}
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("请回电 13800000001 王先生", "请回电 *** 王先生"),
        ("电话138-0000-0001。", "电话***。"),
        ("座机 021 6234 5678", "座机 ***"),
        ("+86 138 0000 0001", "***"),
        ("身份证31010119900101123X号", "身份证***号"),
        ("邮件 wang.li@example.com.cn", "邮件 ***"),
        ("人民路18号3幢201室，2026年11月23日 8:30", "人民路18号3幢201室，2026年11月23日 8:30"),
        ("路灯杆 12345 不亮", "路灯杆 12345 不亮"),
    ],
)
def test_numbers_and_addresses_of_people_are_hidden(text: str, shown: str) -> None:
    assert without_personal(text) == shown


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (None, None, (NOW - 90 * DAY, NOW)),
        (NOW - 200 * DAY, None, (NOW - 200 * DAY, NOW - 110 * DAY)),
        (None, NOW - DAY, (NOW - 91 * DAY, NOW - DAY)),
        (NOW - 90 * DAY, NOW, (NOW - 90 * DAY, NOW)),
        (NOW - 91 * DAY, NOW, None),
        (NOW, NOW - DAY, None),
    ],
)
def test_window(
    start: datetime | None, end: datetime | None, found: tuple[datetime, datetime] | None
) -> None:
    assert window(start, end, NOW) == found


def test_every_state_is_open_or_closed() -> None:
    opened, closed = set(RequestStatus.OPEN.states), set(RequestStatus.CLOSED.states)
    assert not opened & closed
    assert closed == {"closed", "withdrawn", "merged"}


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("138 0000 0001", "13800000001"),
        ("+86 138-0000-0001", "13800000001"),
        ("0086 21 6234 5678", "2162345678"),
        ("(021) 6234-5678", "02162345678"),
        ("+44 20 7946 0000", "+442079460000"),
        ("12345", "12345"),
    ],
)
def test_numbers_are_as_the_switchboard_tells_them(written: str, number: str) -> None:
    assert telephone("phone", written) == number


@pytest.mark.parametrize("written", ["12", "138x", "1" * 21, "+", "１３８００００００００"])
def test_what_is_no_number(written: str) -> None:
    with pytest.raises(CaseInvalidError, match="电话号码须是"):
        telephone("phone", written)
