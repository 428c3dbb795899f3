"""Structured logs: JSON lines on standard error, or readable ones on a terminal."""

import logging
import re
import sys
from typing import Any

import structlog

# Six digits and more could be a telephone number; ids of ours carry a dot, a dash or letters.
_NUMBER = re.compile(r"(?<![\w.-])\+?\d{7,15}(?![\w.-])")


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
    return {key: _hide(value) for key, value in event.items()}


def _hide(value: Any) -> Any:
    return _NUMBER.sub("[number]", value) if isinstance(value, str) else value
