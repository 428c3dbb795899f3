"""A rate as the API answers it: always with its numerator and denominator (M1)."""

from gateway.http.endpoint import Answer
from metrics.rates import Rate


class RateAnswer(Answer):
    """A quotient and its parts; ``rate`` is null without data."""

    numerator: float
    denominator: float
    rate: float | None


def rate_answer(rate: Rate) -> RateAnswer:
    """``rate`` as it is answered."""
    return RateAnswer(numerator=rate.numerator, denominator=rate.denominator, rate=rate.rate)
