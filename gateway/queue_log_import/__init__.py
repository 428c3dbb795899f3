"""A city's history out of ``queue_log``: the calls and seats of years before the gateway."""
