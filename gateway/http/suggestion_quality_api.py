"""How good the dispatch suggestion is: on held-out cases, and against what people chose (C12)."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from gateway.auth.roles import OVERSEERS
from gateway.http.dispatch_suggestion_api import PATH
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from ticketing.dispatch_suggestion import store
from ticketing.dispatch_suggestion.store import Choices, ModelInfo, Target


class Period(Strict):
    """The days up to now whose choices are counted."""

    days: Annotated[int, Field(ge=1, le=366)] = 30


class Band(Answer):
    """Cases whose first proposal had a confidence from ``low`` to ``high``, and how many it hit."""

    low: float
    high: float
    cases: int
    right: int


class Label(Answer):
    """Held-out cases of a category or department; ``first`` proposal right, ``among`` the three."""

    code: str
    name: str
    cases: int
    first: int
    among: int


class Held(Answer):
    """Figures of the held-out cases: those that the model has not seen."""

    cases: int
    first: int
    among: int
    bands: list[Band]
    labels: list[Label]


class Chosen(Answer):
    """Choices where something was offered.

    ``first``: the first proposal was taken, ``among``: one of the three, ``first_now``: the first
    one is what the case has now, after whoever put it right later.
    """

    cases: int
    first: int
    among: int
    first_now: int
    bands: list[Band]


class ModelAnswer(Answer):
    """The model that is served, made from ``case_count`` cases, the newest tenth held out."""

    model_id: int
    trained_at: datetime
    case_count: int
    first_case: str
    last_case: str
    held_out: dict[Target, Held]


class TrainingAnswer(Answer):
    """What came of the newest nightly look."""

    day: date
    outcome: str
    detail: str


class QualityAnswer(Answer):
    """The model, if there is one, what came of the last night, and what people chose."""

    model: ModelAnswer | None
    last_training: TrainingAnswer | None
    chosen: dict[Target, Chosen]


@endpoint("GET", f"{PATH}/quality", access=OVERSEERS, query=Period, answer=QualityAnswer)
async def get_quality(inquiry: Inquiry[Nothing, Period]) -> QualityAnswer:
    """How good the suggestions are."""
    services = inquiry.services
    since = services.clock() - timedelta(days=inquiry.query.days)
    async with services.database() as connection:
        info = await store.newest_model(connection)
        training = await store.last_training(connection)
        choices = await store.choices(connection, since=since)
        model = None if info is None else await _model(connection, info)
    last = None
    if training is not None:
        last = TrainingAnswer(day=training.day, outcome=training.outcome, detail=training.detail)
    chosen = {target: _chosen(choices, target) for target in store.TARGETS}
    return QualityAnswer(model=model, last_training=last, chosen=chosen)


async def _model(connection: Any, info: ModelInfo) -> ModelAnswer:
    ids = {t: [label["id"] for label in info.measured[t]["labels"]] for t in store.TARGETS}
    names = await store.names_of(connection, ids["category"], ids["department"])
    held_out = {}
    for target in store.TARGETS:
        found = info.measured[target]
        labels = [
            Label(
                code=names[target, label["id"]].code,
                name=names[target, label["id"]].name,
                cases=label["cases"],
                first=label["first"],
                among=label["among"],
            )
            for label in found["labels"]
            if (target, label["id"]) in names
        ]
        bands = [_band(band["from"], band["cases"], band["right"]) for band in found["bands"]]
        totals = {name: found[name] for name in ("cases", "first", "among")}
        held_out[target] = Held(**totals, bands=bands, labels=labels)
    return ModelAnswer(
        model_id=info.model_id,
        trained_at=info.trained_at,
        case_count=info.case_count,
        first_case=info.first_case,
        last_case=info.last_case,
        held_out=held_out,
    )


def _chosen(choices: list[Choices], target: Target) -> Chosen:
    of_target = [each for each in choices if each.target == target]
    return Chosen(
        cases=sum(each.cases for each in of_target),
        first=sum(each.first for each in of_target),
        among=sum(each.among for each in of_target),
        first_now=sum(each.first_now for each in of_target),
        bands=[_band(each.band / 10, each.cases, each.first) for each in of_target],
    )


def _band(low: float, cases: int, right: int) -> Band:
    return Band(low=low, high=round(low + 0.1, 1), cases=cases, right=right)


ENDPOINTS = (get_quality,)
