"""The header of a FastAGI session: who calls, which script is asked for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from telephony.agi.errors import AgiProtocolError

_DIGITS = re.compile(r"\+?[0-9]{1,32}")
_IDENTITY = re.compile(r"[A-Za-z0-9_.-]{1,150}")  # AST_MAX_UNIQUEID is 150
_SCRIPT = re.compile(r"[a-z0-9_-]{1,64}")
_KEY = re.compile(r"[a-z0-9_]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiCall:
    """The call a session is about.

    ``caller`` and ``dnid`` are digits (with a leading ``+`` at most) or empty, whatever the peer
    sent. ``header`` is the whole header under its own names (``agi_channel`` …).
    """

    script: str
    uniqueid: str
    channel: str
    extension: str
    caller: str = field(repr=False)
    dnid: str = field(repr=False)
    args: tuple[str, ...] = field(repr=False)
    header: dict[str, str] = field(repr=False)


def parse_header(lines: Sequence[bytes]) -> AgiCall:
    """Read the header lines up to, not including, the blank one.

    Raises `AgiProtocolError` for a line that is no ``agi_name: value``, a name that comes twice
    (a forged one: Asterisk writes caller data unescaped), a missing or impossible identity.
    """
    header: dict[str, str] = {}
    for line in lines:
        # A caller's name may carry bytes that are no UTF-8; they travel on unharmed.
        name, colon, value = line.decode("utf-8", "surrogateescape").partition(":")
        if not colon or not name.startswith("agi_") or not _KEY.fullmatch(name):
            raise AgiProtocolError("a header line is not of the form agi_name: value")
        if name in header:
            raise AgiProtocolError(f"the header {name} came twice")
        header[name] = value.strip()
    return AgiCall(
        script=_script(header),
        uniqueid=_identity(header),
        channel=header.get("agi_channel", ""),
        extension=header.get("agi_extension", ""),
        caller=_digits(header.get("agi_callerid", "")),
        dnid=_digits(header.get("agi_dnid", "")),
        args=_arguments(header),
        header=header,
    )


def _script(header: dict[str, str]) -> str:
    """``agi_network_script`` is what follows the host in ``agi://host/script``."""
    script = header.get("agi_network_script", "")
    if not _SCRIPT.fullmatch(script):
        raise AgiProtocolError("agi_network_script is missing or not a script's name")
    return script


def _identity(header: dict[str, str]) -> str:
    uniqueid = header.get("agi_uniqueid", "")
    if not _IDENTITY.fullmatch(uniqueid):
        raise AgiProtocolError("agi_uniqueid is missing or not an identity")
    return uniqueid


def _digits(value: str) -> str:
    return value if _DIGITS.fullmatch(value) else ""


def _arguments(header: dict[str, str]) -> tuple[str, ...]:
    arguments: list[str] = []
    while (name := f"agi_arg_{len(arguments) + 1}") in header:
        arguments.append(header[name])
    return tuple(arguments)
