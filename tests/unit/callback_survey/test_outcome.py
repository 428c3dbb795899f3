"""What outcome follows from the answers given."""

import pytest

from callback_survey.outcome import Outcome, outcome_of_survey


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
