"""Fixtures that every kind of test may use."""

import pytest

# Helpers assert too, whichever of them is imported first.
pytest.register_assert_rewrite("tests.support")

pytest_plugins = [
    "tests.support.case_town",
    "tests.support.clocks",
    "tests.support.owning",
    "tests.support.postgres",
    "tests.support.reconciling",
    "tests.support.redis",
    "tests.support.ringback_office",
    "tests.support.running_gateway",
    "tests.support.switchboard_fixtures",
    "tests.support.web",
]
