"""Fixtures that every kind of test may use."""

pytest_plugins = [
    "tests.support.clocks",
    "tests.support.postgres",
    "tests.support.reconciling",
    "tests.support.redis",
    "tests.support.running_gateway",
    "tests.support.switchboard_fixtures",
    "tests.support.web",
]
