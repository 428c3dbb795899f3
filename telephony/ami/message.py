"""One AMI message, read lazily: the name first, a header only when asked for."""

from collections.abc import Iterator

from telephony.errors import PeerError

EVENT = b"Event: "
RESPONSE = b"Response: "
_CRLF = b"\r\n"


class _Needles(dict[str, bytes]):
    """Header name to the bytes that precede its value, as Asterisk itself writes them."""

    def __missing__(self, name: str) -> bytes:
        needle = self[name] = b"\r\n" + name.encode() + b": "
        return needle


_NEEDLES = _Needles()


def event_name(raw: bytes) -> bytes | None:
    """Name of the event, or ``None`` when ``raw`` is no event."""
    if raw[:7] != EVENT:
        return None
    end = raw.find(_CRLF, 7)
    return raw[7:end] if end >= 0 else raw[7:]


def check_is_ami(raw: bytes) -> None:
    """Raise `PeerError` unless the message starts as every AMI message does."""
    if not raw.startswith((EVENT, RESPONSE)):
        raise PeerError(f"no AMI: a message starts with {raw[:40]!r}")


class Message:
    """Headers of one raw message.

    Asterisk sends the bytes of caller names as it got them: what is not UTF-8 survives as
    surrogate escapes. An absent header reads as the default, an empty one as ``""``.
    """

    __slots__ = ("raw",)

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    @property
    def name(self) -> str:
        """Event name, or ``""`` for a response."""
        return (event_name(self.raw) or b"").decode("ascii", "replace")

    def get(self, name: str, default: str = "") -> str:
        """Value of the first header called ``name`` (exact case, as Asterisk writes it)."""
        # Cutting (partition) is quicker than looking for places (find): replay spends most here.
        needle = _NEEDLES[name]
        _, found, rest = self.raw.partition(needle)
        if not found:
            return self._get_odd(needle, default)
        return self._value(rest)

    def get_last(self, name: str) -> str:
        """Value of the last header called ``name``, ``""`` when there is none.

        For what follows the headers into which a caller can write more headers: see
        `telephony.ami.session`.
        """
        _, found, rest = self.raw.rpartition(_NEEDLES[name])
        return self._value(rest) if found else self.get(name)

    def _value(self, rest: bytes) -> str:
        value = rest.partition(_CRLF)[0]
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.decode("utf-8", "surrogateescape")

    def _get_odd(self, needle: bytes, default: str) -> str:
        """The first header of all, or one that a dialplan wrote without a space (UserEvent)."""
        if self.raw.startswith(needle[2:]):
            start = len(needle) - 2
        else:
            start = self.raw.find(needle[:-1])
            if start < 0:
                return default
            start += len(needle) - 1
        value = self.raw[start:].partition(_CRLF)[0]
        return value.decode("utf-8", "surrogateescape")

    def get_all(self, name: str) -> list[str]:
        """Values of every header called ``name``, in order (``ChanVariable`` repeats)."""
        return [value for key, value in self if key == name]

    def number(self, name: str, default: float = 0.0) -> float:
        """Value of a numeric header; ``default`` when absent or no finite number."""
        try:
            value = float(self.get(name))
        except ValueError:
            return default
        return value if abs(value) < float("inf") else default

    def __contains__(self, name: str) -> bool:
        needle = _NEEDLES[name][:-1]
        return needle in self.raw or self.raw.startswith(needle[2:])

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """All headers in order; a line without colon is no header and is left out."""
        for line in self.raw.decode("utf-8", "surrogateescape").split("\r\n"):
            key, colon, value = line.partition(":")
            if colon:
                yield key, value.removeprefix(" ")

    def __repr__(self) -> str:
        return f"Message({self.name or self.get('Response')!r}, {len(self.raw)} bytes)"
