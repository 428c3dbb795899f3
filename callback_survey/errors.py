"""Errors of the callback survey."""


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
