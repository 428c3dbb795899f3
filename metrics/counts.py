"""What is counted before anything is divided: calls, and seconds of seats."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from telephony.events import SeatState

WAIT_BUCKETS_S = (5, 10, 15, 20, 30, 60, 120, 300)
"""Upper bounds of the waiting-time histogram; `call_totals` has a column for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCounts:
    """Counts of calls by the day of arrival, and seconds.

    - ``offered`` 人工请求量: entered a queue, or were refused there
    - ``answered`` 接通量: offered calls bridged to an agent; ``wait_s`` is summed over these, and
      ``answered_15s`` are those among them that waited 15 s or less
    - ``self_served`` 自助查询: told by the machine what they asked for, and asked for no person
    - ``short_abandoned``: given up in queue or while ringing, within the limit
    - ``refused``: queue full or nobody logged in
    - ``left_no_staff``: sent out of the queue when the last agent left
    - ``interrupted``: cut off by a restart of the switchboard
    """

    arrived: int = 0
    offered: int = 0
    answered: int = 0
    answered_5s: int = 0
    answered_10s: int = 0
    answered_15s: int = 0
    answered_20s: int = 0
    answered_30s: int = 0
    answered_60s: int = 0
    answered_120s: int = 0
    answered_300s: int = 0
    self_served: int = 0
    abandoned_greeting: int = 0
    abandoned_queue: int = 0
    abandoned_ringing: int = 0
    short_abandoned: int = 0
    timed_out: int = 0
    refused: int = 0
    left_no_staff: int = 0
    interrupted: int = 0
    wait_s: float = 0.0
    talk_s: float = 0.0
    hold_s: float = 0.0

    @classmethod
    def from_row(cls, row: Any, *, short_abandoned: int) -> Self:
        """Take a row of sums over `call_totals`; short abandons are counted elsewhere."""
        names = [field.name for field in fields(cls) if field.name != "short_abandoned"]
        return cls(short_abandoned=short_abandoned, **{name: row[name] for name in names})

    def __add__(self, other: "CallCounts") -> "CallCounts":
        """Both together."""
        return CallCounts(
            **{
                field.name: getattr(self, field.name) + getattr(other, field.name)
                for field in fields(self)
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatSeconds:
    """Seconds that seats spent in each state they can be in while logged in."""

    ready_s: float = 0.0
    ringing_s: float = 0.0
    talking_s: float = 0.0
    hold_s: float = 0.0
    wrap_up_s: float = 0.0
    not_ready_s: float = 0.0
    unreachable_s: float = 0.0

    @classmethod
    def of_states(cls, seconds: Mapping[SeatState, float]) -> Self:
        """Take seconds by state; time logged out is left aside."""
        return cls(
            **{
                f"{state}_s": spent
                for state, spent in seconds.items()
                if state is not SeatState.LOGGED_OUT
            }
        )

    @property
    def busy_s(self) -> float:
        """Talk, hold and wrap-up (话后处理)."""
        return self.talking_s + self.hold_s + self.wrap_up_s

    @property
    def logged_in_s(self) -> float:
        """All time between login and logout (签入时长)."""
        return self.busy_s + self.ringing_s + self.ready_s + self.not_ready_s + self.unreachable_s
