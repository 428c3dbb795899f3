"""Bytes in, lines out: the first stage of FastAGI, without any socket."""

from telephony.agi.errors import AgiProtocolError


class LineFramer:
    """Cuts a byte stream into lines, however it was sliced on the way."""

    def __init__(self, max_line_bytes: int) -> None:
        self._max = max_line_bytes
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that ``data`` completes, without their line ends.

        Raises `AgiProtocolError` when a line, complete or not, is longer than allowed.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > self._max or any(len(line) > self._max for line in lines):
            self._rest = b""
            raise AgiProtocolError(f"a line is longer than {self._max} bytes")
        return [line.removesuffix(b"\r") for line in lines]
