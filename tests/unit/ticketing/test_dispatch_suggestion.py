"""C12: what a model is made of, what it proposes, and how that is counted. Pure."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.dispatch_suggestion.errors import ModelInvalidError, TooFewCasesError
from ticketing.dispatch_suggestion.features import (
    BUCKETS,
    CaseText,
    area_of,
    numbers_of,
    pieces,
    words_of,
)
from ticketing.dispatch_suggestion.measuring import Tally
from ticketing.dispatch_suggestion.model import Model
from ticketing.dispatch_suggestion.training import Example, Trainer

LIGHTS, WATER = 7, 9
EAST, WEST, CITY = 70, 71, 90


def said(title: str, address: str = "") -> CaseText:
    return CaseText(title, "请尽快处理", address)


@pytest.fixture(scope="module")
def model() -> Model:
    trainer = Trainer([LIGHTS, WATER])
    for number in range(40):
        district, office = (("东区", EAST), ("西区", WEST))[number % 2]
        text = said("路灯不亮" if number % 4 else "路灯坏了", f"{district}人民路{number}号")
        trainer.learn(Example(text, LIGHTS, office))
        trainer.learn(Example(said("停水三天" if number % 3 else "水压很低"), WATER, CITY))
    return trainer.finish([Example(said("路灯"), LIGHTS, EAST), Example(said("停水"), WATER, CITY)])


def test_numbers_of_people_are_no_feature() -> None:
    text = CaseText("电话13800000001", "手机１３８００００００01 找王先生 13800000001", "")
    for piece in [*pieces(text.said), *words_of(text)]:
        assert not any(character.isdigit() for character in piece)


@pytest.mark.parametrize(
    ("address", "area"),
    [("东区人民路18号", "东区"), ("人民路18号", "人民路"), ("阳光花园", ""), ("", "")],
)
def test_area(address: str, area: str) -> None:
    assert area_of(said("路灯", address)) == area


@given(st.text(max_size=200), st.text(max_size=400), st.text(max_size=100))
def test_any_text_can_be_read(title: str, body: str, address: str) -> None:
    numbers = numbers_of(CaseText(title, body, address))
    assert numbers == sorted(set(numbers))
    assert all(0 <= number < BUCKETS for number in numbers)


def test_proposal_and_why(model: Model) -> None:
    text = said("门前路灯损坏", "东区解放路3号")
    categories, departments = model.propose(text)
    assert [each.category_id for each in categories] == [LIGHTS, WATER]
    assert sum(each.confidence for each in categories) == pytest.approx(1)
    assert model.explain(text, LIGHTS)[0] == "路灯"
    best = departments[0]
    assert (best.department_id, best.area, best.cases, best.of) == (EAST, "东区", 20, 20)
    assert sum(each.confidence for each in departments) == pytest.approx(1)


def test_place_that_nobody_knows(model: Model) -> None:
    _, departments = model.propose(said("路灯不亮", "北区光明路3号"))
    assert {each.department_id for each in departments[:2]} == {EAST, WEST}
    assert (departments[0].area, departments[0].cases, departments[0].of) == ("", 20, 40)


def test_category_that_somebody_chose(model: Model) -> None:
    categories, departments = model.propose(said("路灯不亮", "东区人民路3号"), WATER)
    assert categories[0].category_id == LIGHTS
    assert [each.department_id for each in departments] == [CITY]
    assert model.propose(said("路灯不亮"), 12345)[1] == []


def test_nothing_said(model: Model) -> None:
    assert model.propose(CaseText("18号", "", "")) == ([], [])


def test_stored_and_read(model: Model) -> None:
    again = Model.from_bytes(model.to_bytes())
    text = said("路灯不亮", "东区人民路3号")
    assert again.propose(text) == model.propose(text)


def broken(model: Model, **parts: Any) -> bytes:
    names = Model.__dataclass_fields__
    file = io.BytesIO()
    arrays: dict[str, Any] = {name: np.asarray(getattr(model, name)) for name in names} | parts
    np.savez(file, **{name: part for name, part in arrays.items() if part is not None})
    return file.getvalue()


def test_what_is_no_model_is_refused(model: Model) -> None:
    harmful = np.array([object()], dtype=object)  # would be a pickle
    for content in (
        b"",
        b"PK\x03\x04",
        broken(model, weights=None),
        broken(model, departments=harmful),
        broken(model, weights=model.weights[:5]),
        broken(model, weights=model.weights.astype(np.float64)),
        broken(model, temperature=np.float64(0)),
        broken(model, office_departments=model.office_departments + 99),
        model.to_bytes()[:-20],
    ):
        with pytest.raises(ModelInvalidError):
            Model.from_bytes(content)


def test_too_little_to_learn_from() -> None:
    with pytest.raises(TooFewCasesError):
        Trainer([LIGHTS])
    with pytest.raises(TooFewCasesError):
        Trainer([LIGHTS, WATER]).finish([])
    trainer = Trainer([LIGHTS, WATER])
    trainer.learn(Example(said("路灯"), LIGHTS, None))
    with pytest.raises(TooFewCasesError):
        trainer.finish([])


def test_tally() -> None:
    tally = Tally()
    for right, proposed, confidence in (
        (1, [1, 2, 3, 4], 0.95),
        (2, [1, 2, 3, 4], 0.95),
        (4, [1, 2, 3, 4], 1.0),
        (1, [], 0.0),
    ):
        tally.add(right, proposed, confidence)
    figures = tally.to_json()
    assert (figures["cases"], figures["first"], figures["among"]) == (4, 1, 2)
    assert figures["bands"] == [
        {"from": 0.0, "cases": 1, "right": 0},
        {"from": 0.9, "cases": 3, "right": 1},
    ]
    assert figures["labels"][0] == {"id": 1, "cases": 2, "first": 1, "among": 1}
