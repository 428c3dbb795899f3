"""Supervision lists as the API tells them."""

from datetime import date, datetime

from gateway.http.endpoint import Answer
from gateway.http.named_answers import NamedAnswer
from gateway.http.rates import RateAnswer
from ticketing.case import CaseKind
from ticketing.lifecycle import CaseState, Step
from ticketing.supervision.analysis import Axis, Count, Figure
from ticketing.supervision.grounds import Ground
from ticketing.supervision.periods import ListKind


class ListAnswer(Answer):
    """A list; days are those of the city, both included. ``signed`` of its ``items`` are done.

    It shows how things stood at ``as_of``; that of a day that was missed was ``made_at`` later.
    """

    list_id: int
    kind: ListKind
    first_day: date
    last_day: date
    made_at: datetime
    as_of: datetime
    items: int
    signed: int


class ShareAnswer(Answer):
    """Cases of a list of one department in charge, null before a dispatch.

    ``open`` ones still; ``dissatisfied`` those that count in satisfaction still.
    """

    department: NamedAnswer | None
    items: int
    signed: int
    open: int
    overdue: int
    dissatisfied: int
    returned_repeatedly: int
    rehandled: int


class GroundAnswer(Answer):
    """A ground of the table, what it means, and how many cases of the list have it."""

    ground: Ground
    word: str
    sentence: str
    cases: int


class MonthFigure(Answer):
    """A figure of a month and of the one before; ``moved`` is null unless both have data."""

    axis: Axis
    code: str
    name: str
    figure: Figure
    month: RateAnswer
    month_before: RateAnswer
    moved: float | None


class FullList(ListAnswer):
    """A list with its counts; ``figures`` are of the list of a month, the others of the others."""

    grounds: list[GroundAnswer]
    departments: list[ShareAnswer]
    figures: list[MonthFigure]


class InstructionAnswer(Answer):
    """What was decided about a case, by whom, and the step of the case that it became."""

    at: datetime
    actor: str
    step: Step
    words: str


class ItemAnswer(Answer):
    """A case on a list: what it was when the list was made, and what it is now."""

    place: int
    case_no: str
    title: str
    kind: CaseKind
    confidential: bool
    grounds: list[Ground]
    days: int
    deadline: datetime | None
    version_then: int
    state_then: CaseState
    lead_then: NamedAnswer | None
    version: int
    state: CaseState
    lead: NamedAnswer | None
    instruction: InstructionAnswer | None


def month_figure(count: Count) -> MonthFigure:
    """A figure of a month as it is answered."""
    return MonthFigure(
        axis=count.axis,
        code=count.code,
        name=count.name,
        figure=count.figure,
        month=RateAnswer(numerator=count.numerator, denominator=count.denominator, rate=count.rate),
        month_before=RateAnswer(
            numerator=count.numerator_before,
            denominator=count.denominator_before,
            rate=count.rate_before,
        ),
        moved=count.moved,
    )
