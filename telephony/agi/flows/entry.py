"""Where a caller goes: the queue of the line, and whether it is day or night.

The dialplan waits for this before it greets, hence no store and no prompt: two variables.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from telephony.agi.commands import Agi
from telephony.agi.request import AgiCall
from telephony.agi.session import Script

LOCAL_TIME = ZoneInfo("Asia/Shanghai")
Mode = Literal["day", "night"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPlan:
    """``queues`` by line; the day lasts from ``day_from`` up to ``day_to``, local time.

    ``is_rest_day`` is the calendar: on such a day it is night all day long.
    """

    default_queue: str
    queues: Mapping[str, str] = field(default_factory=dict)
    day_from: time = time(8)
    day_to: time = time(20)
    is_rest_day: Callable[[date], bool] = lambda _day: False


@dataclass(frozen=True, slots=True)
class Entry:
    """What the dialplan is told."""

    queue: str
    mode: Mode


def decide_entry(line: str, at: datetime, plan: EntryPlan) -> Entry:
    """Choose for a call to ``line`` at the aware time ``at``."""
    local = at.astimezone(LOCAL_TIME)
    day = plan.day_from <= local.time() < plan.day_to and not plan.is_rest_day(local.date())
    return Entry(plan.queues.get(line, plan.default_queue), "day" if day else "night")


def entry_script(plan: EntryPlan, now: Callable[[], datetime]) -> Script:
    """Build the script: sets ``HOTLINE_QUEUE`` and ``HOTLINE_MODE``; the line is the extension."""

    def entry(agi: Agi, call: AgiCall) -> None:
        choice = decide_entry(call.extension, now(), plan)
        agi.set_variable("HOTLINE_QUEUE", choice.queue)
        agi.set_variable("HOTLINE_MODE", choice.mode)

    return entry
