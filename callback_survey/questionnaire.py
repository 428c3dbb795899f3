"""Scales and questionnaires as data.

Each has a name that is stored with every answer. What a name means never changes: another wording
or another number of steps gets a new name (``…_v2``), so that old answers keep their meaning.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from callback_survey.errors import AnswerInvalidError, QuestionnaireUnknownError


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Possible answers: key on the telephone to answer stored, and answer to what people read."""

    name: str
    keys: Mapping[str, str]
    titles: Mapping[str, str]

    def check(self, answer: str) -> None:
        """Raise `AnswerInvalidError` for an answer that is not of this scale."""
        if answer not in self.titles:
            raise AnswerInvalidError(f"scale {self.name} has no answer {answer!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question: the name of the sound file that asks it and the scale of its answers."""

    name: str
    title: str
    prompt: str
    scale: Scale

    @property
    def keys(self) -> Mapping[str, str]:
        """Key on the telephone to answer."""
        return self.scale.keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    """Questions in the order of asking."""

    name: str
    questions: tuple[Question, ...]

    def check(self, question: str, answer: str) -> None:
        """Raise `AnswerInvalidError` for a question or an answer that is not of this one."""
        for known in self.questions:
            if known.name == question:
                return known.scale.check(answer)
        raise AnswerInvalidError(f"questionnaire {self.name} has no question {question!r}")

    def answer_to(self, question: str, key: str) -> str | None:
        """What ``key`` means as an answer to ``question``, ``None`` when there is no such one."""
        keys = (known.keys for known in self.questions if known.name == question)
        return next(keys, {}).get(key)


def _scale(name: str, *steps: tuple[str, str]) -> Scale:
    """Keys 1, 2, 3 … in the order of the steps."""
    return Scale(
        name=name,
        keys=MappingProxyType({str(key): answer for key, (answer, _) in enumerate(steps, 1)}),
        titles=MappingProxyType(dict(steps)),
    )


YES_NO = _scale("yes_no", ("yes", "是"), ("no", "否"))
THREE_STEP = _scale(
    "three_step",
    ("satisfied", "满意"),
    ("basically_satisfied", "基本满意"),
    ("dissatisfied", "不满意"),
)

AFTER_CALL_RATING = Question(
    name=THREE_STEP.name, title="本次服务", prompt="rating", scale=THREE_STEP
)
"""What a caller is asked after the agent has hung up; stored under the scale's name."""

CASE_CALLBACK_V1 = Questionnaire(
    name="case_callback_v1",
    questions=(  # 三率: 响应, 解决, 满意
        Question(name="contacted", title="是否联系", prompt="survey-contacted", scale=YES_NO),
        Question(name="solved", title="是否解决", prompt="survey-solved", scale=YES_NO),
        Question(name="satisfied", title="是否满意", prompt="survey-satisfied", scale=THREE_STEP),
    ),
)

_SCALES = MappingProxyType({scale.name: scale for scale in (YES_NO, THREE_STEP)})
_QUESTIONNAIRES = MappingProxyType({known.name: known for known in (CASE_CALLBACK_V1,)})


def scale(name: str) -> Scale:
    """Raises `QuestionnaireUnknownError`."""
    try:
        return _SCALES[name]
    except KeyError:
        raise QuestionnaireUnknownError(f"there is no scale {name!r}") from None


def questionnaire(name: str) -> Questionnaire:
    """Raises `QuestionnaireUnknownError`."""
    try:
        return _QUESTIONNAIRES[name]
    except KeyError:
        raise QuestionnaireUnknownError(f"there is no questionnaire {name!r}") from None
