"""Departments and categories as the API tells them: by code and name."""

from gateway.http.endpoint import Answer
from ticketing.case import Named


class NamedAnswer(Answer):
    """A department or a category."""

    code: str
    name: str


def named_answer(named: Named | None) -> NamedAnswer | None:
    """A department or a category as it is answered."""
    return None if named is None else NamedAnswer.about(named)
