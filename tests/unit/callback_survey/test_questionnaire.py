"""Scales and questionnaires: the names that are stored for ever, the checks."""

import pytest

from callback_survey.errors import AnswerInvalidError, QuestionnaireUnknownError
from callback_survey.questionnaire import (
    AFTER_CALL_RATING,
    CASE_CALLBACK_V1,
    THREE_STEP,
    YES_NO,
    questionnaire,
    scale,
)


def test_what_is_stored_never_changes() -> None:
    assert dict(THREE_STEP.keys) == {
        "1": "satisfied",
        "2": "basically_satisfied",
        "3": "dissatisfied",
    }
    assert list(THREE_STEP.titles.values()) == ["满意", "基本满意", "不满意"]
    assert dict(YES_NO.keys) == {"1": "yes", "2": "no"}
    assert AFTER_CALL_RATING.name == "three_step"
    assert [(q.name, q.scale.name) for q in CASE_CALLBACK_V1.questions] == [
        ("contacted", "yes_no"),
        ("solved", "yes_no"),
        ("satisfied", "three_step"),
    ]


def test_found_by_name() -> None:
    assert scale("three_step") is THREE_STEP
    assert questionnaire("case_callback_v1") is CASE_CALLBACK_V1
    with pytest.raises(QuestionnaireUnknownError):
        scale("five_step")
    with pytest.raises(QuestionnaireUnknownError):
        questionnaire("case_callback_v0")


@pytest.mark.parametrize(
    ("question", "answer", "valid"),
    [
        ("contacted", "yes", True),
        ("satisfied", "basically_satisfied", True),
        ("contacted", "satisfied", False),
        ("contacted", "1", False),
        ("other", "yes", False),
    ],
)
def test_checks(question: str, answer: str, *, valid: bool) -> None:
    if valid:
        CASE_CALLBACK_V1.check(question, answer)
    else:
        with pytest.raises(AnswerInvalidError):
            CASE_CALLBACK_V1.check(question, answer)
