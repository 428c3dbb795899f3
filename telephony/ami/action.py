"""Actions to bytes. Nothing that could end a line or a message early passes (CWE-93)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from telephony.errors import UnsafeValueError

# Asterisk reads a line into a buffer of 1025 bytes and discards what is longer (manager.c).
MAX_LINE = 1024
MAX_HEADERS = 128  # AST_MAX_MANHEADERS of manager.h
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
_FORBIDDEN = re.compile("[\r\n\0]")

Value = str | int | Sequence[str]


@dataclass(frozen=True, slots=True)
class Action:
    """One command to the switchboard.

    A value that is a sequence becomes a repeated header (``Variable``). ``completed_by`` names the
    event that carries the real outcome of an action whose response only says that it was accepted
    (``OriginateResponse``). ``dials`` is the Uniqueid of the channel that the action makes: what
    ``DialEnd`` says of it is then part of the answer too.
    """

    name: str
    headers: Mapping[str, Value] = field(default_factory=dict)
    completed_by: str = ""
    dials: str = ""


def encode(action: Action, action_id: str) -> bytes:
    """Wire form of ``action``. Raises `UnsafeValueError` for what may not be sent."""
    lines = [_line("Action", action.name), _line("ActionID", action_id)]
    for key, value in action.headers.items():
        values = (str(value),) if isinstance(value, str | int) else value
        lines.extend(_line(key, one) for one in values)
    if len(lines) > MAX_HEADERS:
        raise UnsafeValueError(f"action {action.name}: {len(lines)} headers, at most {MAX_HEADERS}")
    return b"".join(lines) + b"\r\n"


def _line(key: str, value: str) -> bytes:
    # The message names the header and never the value: values may hold numbers and secrets.
    if not _KEY.fullmatch(key):
        raise UnsafeValueError(f"{key[:40]!r} is no header name")
    if _FORBIDDEN.search(value):
        raise UnsafeValueError(f"the value of header {key} has a line break or a NUL")
    try:
        line = f"{key}: {value}\r\n".encode()
    except UnicodeEncodeError as error:
        raise UnsafeValueError(f"the value of header {key} is no Unicode text") from error
    if len(line) > MAX_LINE:
        raise UnsafeValueError(f"header {key} is {len(line)} bytes long, at most {MAX_LINE}")
    return line
