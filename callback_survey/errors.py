"""Errors of the callback survey and of ringing back."""

from callback_survey.ringback.refusal import Refusal


class CallbackSurveyError(Exception):
    """Root of every error raised by this package."""


class AttemptNotFoundError(CallbackSurveyError):
    """There is no such attempt, or it is not in the state that the step needs."""


class NumberInvalidError(CallbackSurveyError):
    """The number cannot be dialled. The message does not repeat it."""


class AnswerInvalidError(CallbackSurveyError):
    """The question or the answer does not belong to the questionnaire or scale."""


class QuestionnaireUnknownError(CallbackSurveyError):
    """No questionnaire, or scale, goes by this name."""


class RingbackRefusedError(CallbackSurveyError):
    """Nobody is called back; ``refusal`` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
