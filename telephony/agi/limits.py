"""Bounds of FastAGI sessions: what a peer may send and how long anything may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiLimits:
    """The defaults leave room for everything that Asterisk 18 to 22 sends.

    ``command_timeout_s`` is for commands that end at once, ``media_timeout_s`` for those that play,
    listen or record. ``wait_timeout_s`` bounds what a script awaits besides commands (a database).
    """

    max_sessions: int = 500
    max_line_bytes: int = 16_384
    max_pending_lines: int = 256  # the longest usage text of Asterisk 22 has about 60
    max_header_lines: int = 200  # about 25 of Asterisk's own and up to 127 arguments
    header_timeout_s: float = 5
    command_timeout_s: float = 10
    media_timeout_s: float = 120
    wait_timeout_s: float = 3
    session_timeout_s: float = 600
    close_timeout_s: float = 2
    drain_timeout_s: float = 30
