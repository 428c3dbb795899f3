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


def test_one_of_several_switchboards_is_enough() -> None:
    """The pages of the whole city must not go away with the switchboard of one district."""
    readiness = Readiness()
    readiness.expect("postgres")
    readiness.expect_any("switchboard city", "switchboard east")
    readiness.report("postgres", ready=True)
    assert not readiness.ready
    readiness.report("switchboard east", ready=True)
    assert readiness.ready
    assert not readiness.conditions["switchboard city"].ready
    readiness.report("switchboard east", ready=False, detail="refused")
    assert not readiness.ready
