"""Nothing that could end a line early is ever sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.ami.action import MAX_LINE, Action, encode
from telephony.errors import UnsafeValueError

safe = st.text(
    st.characters(blacklist_characters="\r\n\0", blacklist_categories=("Cs",)), max_size=60
)


def test_wire_form() -> None:
    action = Action("Originate", {"Priority": 1, "Variable": ["a=1", "b=二"], "Empty": ""})
    assert encode(action, "7").decode() == (
        "Action: Originate\r\nActionID: 7\r\nPriority: 1\r\n"
        "Variable: a=1\r\nVariable: b=二\r\nEmpty: \r\n\r\n"
    )


@given(
    safe, st.sampled_from("\r\n\0"), safe, st.sampled_from(["key", "value", "list", "name", "id"])
)
def test_line_breaks_and_nul_are_refused_in_any_position(
    before: str, bad: str, after: str, where: str
) -> None:
    text = before + bad + after
    action = {
        "key": Action("Ping", {text: "1"}),
        "value": Action("Ping", {"Key": text}),
        "list": Action("Ping", {"Key": ["fine", text]}),
        "name": Action(text),
        "id": Action("Ping"),
    }[where]
    with pytest.raises(UnsafeValueError) as caught:
        encode(action, text if where == "id" else "1")
    if len(before) > 3 and where == "value":
        assert before not in str(caught.value)


@given(
    st.dictionaries(st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,9}", fullmatch=True), safe, max_size=5)
)
def test_what_is_sent_is_one_message_with_the_given_headers(headers: dict[str, str]) -> None:
    data = encode(Action("Ping", headers), "1")
    assert data.endswith(b"\r\n\r\n")
    assert data.count(b"\r\n\r\n") == 1
    assert data.count(b"\r\n") == len(headers) + 3
    assert data.count(b"\n") == data.count(b"\r") == data.count(b"\r\n")


@pytest.mark.parametrize("key", ["", "A b", "A:", "Ä", "1A", "A\t"])
def test_odd_header_names_are_refused(key: str) -> None:
    with pytest.raises(UnsafeValueError):
        encode(Action("Ping", {key: "1"}), "1")


def test_overlong_lines_and_too_many_headers_are_refused() -> None:
    encode(Action("Ping", {"Key": "x" * (MAX_LINE - 7)}), "1")
    with pytest.raises(UnsafeValueError, match="bytes long"):
        encode(Action("Ping", {"Key": "x" * (MAX_LINE - 6)}), "1")
    with pytest.raises(UnsafeValueError, match="headers"):
        encode(Action("Ping", {"Variable": ["a=1"] * 127}), "1")


def test_lone_surrogates_are_refused() -> None:
    with pytest.raises(UnsafeValueError):
        encode(Action("Ping", {"Key": "\udcff"}), "1")
