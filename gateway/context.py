"""What every role is given: nothing is global, nothing is made at import."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.engines import Engines
from gateway.readiness import Readiness
from gateway.settings import Settings
from gateway.switchboard_watch import SwitchboardWatch

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The wall clock, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Context:
    """Settings, engines, readiness and clock of one process."""

    settings: Settings
    engines: Engines
    readiness: Readiness
    clock: Clock = utc_now
    watched: SwitchboardWatch = field(default_factory=SwitchboardWatch)
