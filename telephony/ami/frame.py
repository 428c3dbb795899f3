"""Bytes of an AMI stream to raw messages, whatever way the network sliced them."""

from telephony.errors import PeerError

BANNER = b"Asterisk Call Manager/"
BLANK_LINE = b"\r\n\r\n"
DEFAULT_LIMIT = 1 << 20


class Framer:
    """Buffer of one connection.

    Asterisk greets with one line ``Asterisk Call Manager/x.y.z`` that no blank line follows; after
    it every message ends with a blank line. A capture may start in the middle of a connection:
    with ``banner_required=False`` the greeting may be absent.
    """

    def __init__(self, *, limit: int = DEFAULT_LIMIT, banner_required: bool = True) -> None:
        self.version: str | None = None
        self._limit = limit
        self._banner_required = banner_required
        self._greeted = False
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that ``data`` completes, without their blank line, in order.

        Raises `PeerError` when the bytes are no AMI: another greeting, or a message without end.
        """
        rest = self._rest
        searched = max(0, len(rest) - len(BLANK_LINE) + 1)
        rest += data
        if not self._greeted:
            if not self._take_banner():
                return []
            searched = 0
        if rest.find(BLANK_LINE, searched) < 0:
            self._check_limit(len(rest))
            return []
        messages = bytes(rest).split(BLANK_LINE)
        tail = messages.pop()
        self._check_limit(len(tail))
        self._rest = bytearray(tail)
        return messages

    def _take_banner(self) -> bool:
        """Take the greeting off the buffer; ``False`` while it is incomplete."""
        rest = self._rest
        if rest[: len(BANNER)] != BANNER[: len(rest)]:
            if self._banner_required:
                shown = bytes(rest[:40])
                raise PeerError(f"no AMI: the peer greets with {shown!r}, not with {BANNER!r}")
            self._greeted = True
            return True
        end = rest.find(b"\r\n")
        if end < 0:
            self._check_limit(len(rest))
            return False
        self.version = rest[len(BANNER) : end].decode("ascii", "replace")
        del rest[: end + 2]
        self._greeted = True
        return True

    def _check_limit(self, size: int) -> None:
        if size > self._limit:
            raise PeerError(f"no AMI: {size} bytes without the end of a message")
