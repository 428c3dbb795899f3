"""C1: what a case must hold before it is stored."""

from typing import Any

import pytest

from ticketing.case import CaseKind, NewCase
from ticketing.errors import CaseInvalidError

GOOD: dict[str, Any] = {"kind": CaseKind.HELP, "title": "路灯不亮", "body": "人民路路灯坏了三天"}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", " ", "标题不能为空"),
        ("title", "长" * 101, "标题不能超过100个字"),
        ("body", "", "内容不能为空"),
        ("body", "长" * 4001, "内容不能超过4000个字"),
        ("body", "a\x00b", "内容含有无效字符"),
        ("address", "长" * 201, "地址不能超过200个字"),
        ("result", "", "办理结果不能为空"),
    ],
)
def test_refused(field: str, value: str, message: str) -> None:
    with pytest.raises(CaseInvalidError, match=message) as raised:
        NewCase(**GOOD | {field: value})
    assert raised.value.field == field


def test_longest_accepted() -> None:
    NewCase(**GOOD | {"title": "长" * 100, "body": "长" * 4000, "address": "长" * 200})
