"""M1, M2: the definitions of DESIGN section 5, on numbers worked out by hand."""

import pytest

from metrics import rates
from metrics.counts import CallCounts, SeatSeconds
from metrics.rates import Rate

CALLS = CallCounts(
    arrived=130,
    offered=100,
    answered=80,
    answered_15s=60,
    self_served=10,
    abandoned_greeting=20,
    abandoned_queue=12,
    abandoned_ringing=3,
    short_abandoned=4,
    timed_out=2,
    refused=3,
    wait_s=800.0,
    talk_s=9000.0,
    hold_s=600.0,
)
SEATS = SeatSeconds(
    ready_s=4000.0,
    ringing_s=400.0,
    talking_s=9000.0,
    hold_s=600.0,
    wrap_up_s=2400.0,
    not_ready_s=1600.0,
    unreachable_s=2000.0,
)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (rates.connection_rate(CALLS), Rate(80, 100)),
        (rates.connection_rate_without_short_abandons(CALLS), Rate(80, 96)),
        (rates.rate_15s_of_offered(CALLS), Rate(60, 100)),
        (rates.rate_15s_of_answered(CALLS), Rate(60, 80)),
        (rates.abandonment(CALLS), Rate(12, 100)),
        (rates.speed_of_answer(CALLS), Rate(800, 80)),
        (rates.handling_time(CALLS, SEATS), Rate(12000, 80)),
        (rates.occupancy(SEATS), Rate(12000, 16400)),
        (rates.seat_utilization(SEATS), Rate(12000, 20000)),
        (rates.staffing(SEATS, planned_seats=171, period_s=1000), Rate(20, 171)),
        (rates.immediate_answer(answered_at_once=3, opened_from_call=4), Rate(3, 4)),
        (
            rates.satisfaction(
                "three_step", {"satisfied": 5, "basically_satisfied": 2, "dissatisfied": 3}
            ),
            Rate(7, 10),
        ),
        (rates.yes_rate({"yes": 9, "no": 1}), Rate(9, 10)),
    ],
)
def test_definition(found: Rate, expected: Rate) -> None:
    assert found == expected


def test_no_data_is_neither_0_nor_100_percent() -> None:
    nobody = CallCounts()
    empty = [
        rates.connection_rate(nobody),
        rates.abandonment(nobody),
        rates.speed_of_answer(nobody),
        rates.occupancy(SeatSeconds()),
        rates.staffing(SeatSeconds(), planned_seats=171, period_s=0),
        rates.satisfaction("three_step", {}),
        rates.yes_rate({}),
    ]
    assert [rate.rate for rate in empty] == [None] * len(empty)
    assert rates.connection_rate(CallCounts(offered=5)).rate == 0.0


def test_satisfaction_of_an_unknown_scale() -> None:
    with pytest.raises(KeyError):
        rates.satisfaction("seven_step", {"satisfied": 1})
