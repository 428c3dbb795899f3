"""Readiness (REQUIREMENTS O6)."""

from gateway.readiness import Condition, Readiness


def test_nothing_expected_is_not_ready() -> None:
    assert not Readiness().ready


def test_ready_when_every_component_is() -> None:
    readiness = Readiness()
    readiness.expect("postgres", "redis")
    readiness.report("postgres", ready=True)
    assert not readiness.ready
    assert readiness.conditions["redis"] == Condition(False, "not started")
    readiness.report("redis", ready=True)
    assert readiness.ready
    readiness.report("postgres", ready=False, detail="away")
    assert not readiness.ready
    assert readiness.conditions["postgres"] == Condition(False, "away")


def test_expecting_again_keeps_what_was_reported() -> None:
    readiness = Readiness()
    readiness.report("redis", ready=True)
    readiness.expect("redis")
    assert readiness.ready
