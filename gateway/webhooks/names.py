"""The events that a destination may want: those of cases, by the names they have everywhere."""

from ticketing.clocks.notices import NoticeKind
from ticketing.lifecycle import Step

_OTHERWISE = {Step.REGISTERED: "case.opened"}
# The ways of closing are one event.
_CLOSING = {Step.ANSWERED_AT_ONCE, Step.REVIEW_PASSED, Step.CLOSED}

EVENTS = (
    *(_OTHERWISE.get(step, f"case.{step}") for step in Step if step not in _CLOSING),
    "case.closed",
    *(f"case.{kind}" for kind in NoticeKind),
)
"""In the order of a case's life."""
