"""Definitions of the figures: counts and seconds in, rates out.

A rate is always published with its numerator and denominator; with a denominator of zero there is
no data, which is neither 0 % nor 100 %. Formulas: DESIGN section 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from metrics.callers import CallerCounts
from metrics.counts import CallCounts, SeatSeconds


@dataclass(frozen=True, slots=True)
class Rate:
    """A quotient with its two parts."""

    numerator: float
    denominator: float

    @property
    def rate(self) -> float | None:
        """Numerator over denominator, `None` (no data) when the denominator is zero."""
        return None if self.denominator == 0 else self.numerator / self.denominator


def connection_rate(calls: CallCounts) -> Rate:
    """接通率: answered / offered; judged against ≥ 95 % over any 24 h."""
    return Rate(calls.answered, calls.offered)


def connection_rate_without_short_abandons(calls: CallCounts) -> Rate:
    """剔除短时放弃的接通率: answered / (offered - short abandons)."""
    return Rate(calls.answered, calls.offered - calls.short_abandoned)


def caller_connection_rate(callers: CallerCounts) -> Rate:
    """来电人接通率: callers answered, or rung back and reached, within the period / who asked."""
    return Rate(callers.reached, callers.asked)


def rate_15s_of_offered(calls: CallCounts) -> Rate:
    """15秒接通率（按人工请求量）: answered with a wait of at most 15 s / offered."""
    return Rate(calls.answered_15s, calls.offered)


def rate_15s_of_answered(calls: CallCounts) -> Rate:
    """15秒接通率（按接通量）: answered with a wait of at most 15 s / answered."""
    return Rate(calls.answered_15s, calls.answered)


def abandonment(calls: CallCounts) -> Rate:
    """放弃率: abandoned in queue / offered; in greeting and while ringing are shown apart."""
    return Rate(calls.abandoned_queue, calls.offered)


def speed_of_answer(calls: CallCounts) -> Rate:
    """平均应答速度 (ASA), seconds: wait of answered calls / answered."""
    return Rate(calls.wait_s, calls.answered)


def handling_time(calls: CallCounts, seats: SeatSeconds) -> Rate:
    """平均处理时长 (AHT), seconds: (talk + hold + wrap-up) / answered."""
    return Rate(calls.talk_s + calls.hold_s + seats.wrap_up_s, calls.answered)


def occupancy(seats: SeatSeconds) -> Rate:
    """繁忙率: (talk + hold + wrap-up) / (talk + hold + wrap-up + ringing + ready)."""
    return Rate(seats.busy_s, seats.busy_s + seats.ringing_s + seats.ready_s)


def seat_utilization(seats: SeatSeconds) -> Rate:
    """坐席利用率: (talk + hold + wrap-up) / logged-in time."""
    return Rate(seats.busy_s, seats.logged_in_s)


def staffing(seats: SeatSeconds, *, planned_seats: int, period_s: float) -> Rate:
    """上席率: mean number of logged-in seats over the period / planned seats."""
    mean = seats.logged_in_s / period_s if period_s else 0.0
    return Rate(mean, planned_seats if period_s else 0)


def immediate_answer(*, answered_at_once: int, opened_from_call: int) -> Rate:
    """即时答复率: calls whose case the agent closed himself / calls that made a case."""
    return Rate(answered_at_once, opened_from_call)


SATISFIED: Mapping[str, frozenset[str]] = {
    "three_step": frozenset({"satisfied", "basically_satisfied"}),
}
"""Answers that count as satisfied, by scale."""


def satisfaction(scale: str, answers: Mapping[str, int]) -> Rate:
    """满意率: satisfied answers / answers, on one scale.

    Raises `KeyError` for a scale that has no definition here.
    """
    satisfied = sum(count for answer, count in answers.items() if answer in SATISFIED[scale])
    return Rate(satisfied, sum(answers.values()))


def yes_rate(answers: Mapping[str, int]) -> Rate:
    """响应率, 解决率: yes-answers / (yes- and no-answers)."""
    yes = answers.get("yes", 0)
    return Rate(yes, yes + answers.get("no", 0))
