"""What is read from a request, and how it is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel, ValidationError

from gateway.http.problems import Problem
from gateway.http.validation import field_problems


@dataclass(frozen=True, slots=True)
class RequiredHeader:
    """A header that a request must have, of the form ``pattern``; else the answer is 400."""

    name: str
    pattern: str
    problem: str

    def read(self, request: web.Request) -> str:
        """Its value. Raises `Problem` 400."""
        value = request.headers.get(self.name, "")
        if re.fullmatch(self.pattern, value) is None:
            raise Problem(400, self.problem)
        return value


def validated(model: type[BaseModel], given: Mapping[str, str]) -> BaseModel:
    """``given`` as ``model``. Raises `Problem` 422."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise invalid(error) from None


def invalid(error: ValidationError) -> Problem:
    """The 422 with a sentence for each field."""
    errors = field_problems(error)
    detail = "；".join(f"{e.field}：{e.message}" if e.field else e.message for e in errors)
    return Problem(422, detail, errors=errors)
