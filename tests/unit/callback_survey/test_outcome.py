"""What outcomes follow from Originate and from the answers given."""

import pytest

from callback_survey.outcome import Outcome, outcome_of_originate, outcome_of_survey


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ("busy", Outcome.BUSY),
        ("no_answer", Outcome.NO_ANSWER),
        ("congestion", Outcome.CONGESTION),
        ("rejected", Outcome.REJECTED),
        ("answered", None),
        ("unknown", None),
        ("something new", None),
    ],
)
def test_originate(result: str, outcome: Outcome | None) -> None:
    assert outcome_of_originate(result) is outcome


@pytest.mark.parametrize(
    ("answered", "outcome"),
    [
        (0, Outcome.NO_INPUT),
        (1, Outcome.INCOMPLETE),
        (2, Outcome.INCOMPLETE),
        (3, Outcome.COMPLETED),
    ],
)
def test_survey(answered: int, outcome: Outcome) -> None:
    assert outcome_of_survey(answered, 3) is outcome
