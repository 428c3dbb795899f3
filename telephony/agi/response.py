"""The answer to one AGI command."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from telephony.agi.errors import AgiProtocolError

# `200 result=1 (value) endpos=8000`: the value may itself contain brackets, what follows may not.
_SUCCESS = re.compile(r"200 result=(\S*)(?:\s+\((.*)\))?(?:\s+[^()]*)?", re.DOTALL)
_CODE = re.compile(r"([0-9]{3})[ -](.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Response:
    """``result`` and ``data`` (what stood in brackets) of code 200; else ``data`` is the text."""

    code: int
    result: str
    data: str


def is_provisional(line: bytes) -> bool:
    """``100 Trying``: the answer itself is still to come."""
    return line.startswith(b"100 ")


def opens_usage(line: bytes) -> bool:
    """``520-``: the lines of a usage text follow, up to the one that `closes_usage`."""
    return line.startswith(b"520-")


def closes_usage(line: bytes) -> bool:
    """``520 End of proper usage.``"""
    return line.startswith(b"520 ")


def parse_response(lines: Sequence[bytes]) -> Response:
    """Read a complete answer. Raises `AgiProtocolError` when it is none.

    The peer's text is not repeated in the error: it may carry a caller's data.
    """
    text = b"\n".join(lines).decode("utf-8", "surrogateescape")
    if success := _SUCCESS.fullmatch(text):
        return Response(200, success[1], success[2] or "")
    if (answer := _CODE.fullmatch(text)) and answer[1] != "200":
        return Response(int(answer[1]), "", answer[2])
    raise AgiProtocolError("an answer is not of the form code result=value (data)")
