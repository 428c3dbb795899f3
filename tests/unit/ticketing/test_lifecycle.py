"""C4: the table of steps says what may follow what."""

from itertools import product

import pytest

from ticketing.errors import CaseConflictError
from ticketing.lifecycle import STEPS, CaseState, Step, take

EVERY = list(product([None, *CaseState], Step))


@pytest.mark.parametrize(("state", "step"), EVERY)
def test_only_what_the_table_allows(state: CaseState | None, step: Step) -> None:
    if (state, step) in STEPS:
        assert take(state, step) is STEPS[state, step]
    else:
        with pytest.raises(CaseConflictError):
            take(state, step)


def test_nothing_follows_closing() -> None:
    assert not [step for (state, step) in STEPS if state is CaseState.CLOSED]


def test_every_state_is_reached_from_nothing() -> None:
    reached: set[CaseState | None] = {None}
    for _ in STEPS:
        reached |= {after for (before, _step), after in STEPS.items() if before in reached}
    assert reached == {None, *CaseState}
