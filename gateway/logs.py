"""Structured logs: JSON lines on standard error, or readable ones on a terminal."""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog

_NUMBER = re.compile(
    r"""
      (?<![0-9]) (?:\+?86)? 1[3-9][0-9]{9} (?![0-9])           # a mobile number, whatever is around
    | (?<![\w.-]) 0[0-9]{2,3}-[0-9]{7,8} (?![\w-])              # area code and number
    | (?<![\w.-]) \+?[0-9]{7,15} (?![\w-] | \.[0-9])           # ids of ours have dots or dashes
    """,
    re.ASCII | re.VERBOSE,
)
_HIDDEN = "[number]"


def configure_logs(*, terminal: bool | None = None) -> None:
    """Set structlog and the standard library's logging up, once per process."""
    readable = sys.stderr.isatty() if terminal is None else terminal
    renderer: Any = (
        structlog.dev.ConsoleRenderer()
        if readable
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_numbers,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processor=renderer)
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for talkative in ("pgqueuer", "alembic"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


def hide_numbers(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Last line of defence: anything that looks like a telephone number becomes ``[number]``."""
    return {
        key: value if key.startswith("_") else _hide(value)  # structlog's own are not shown
        for key, value in event.items()
    }


def _hide(value: Any) -> Any:
    match value:
        case str():
            return _NUMBER.sub(_HIDDEN, value)
        case None | bool() | float():
            return value
        case int():  # a count may have as many digits as a short number
            return _HIDDEN if len(str(value)) == 11 and _NUMBER.fullmatch(str(value)) else value
        case Mapping():
            return {_hide(key): _hide(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_hide(each) for each in value]
        case _:
            return _hide(repr(value))
