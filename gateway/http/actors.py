"""The person behind a request as `ticketing` knows people, and its errors as problems."""

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.auth.roles import Person
from gateway.http.problems import FieldProblem, Problem
from ticketing.case import Actor, ActorRole
from ticketing.errors import (
    ConflictError,
    FieldInvalidError,
    NotFoundError,
    StepForbiddenError,
)


def actor_of(person: Person) -> Actor:
    """Who takes a step or looks at a case."""
    return Actor(
        user_id=person.user_id,
        login=person.login,
        role=ActorRole(person.role),
        department_id=person.department_id,
    )


@contextmanager
def as_problems() -> Iterator[None]:
    """Raises the `Problem` for an error of `ticketing`."""
    try:
        yield
    except NotFoundError as error:
        raise Problem(404, str(error)) from None
    except ConflictError as error:
        raise Problem(409, str(error)) from None
    except StepForbiddenError as error:
        raise Problem(403, str(error)) from None
    except FieldInvalidError as error:
        raise Problem(422, str(error), errors=[FieldProblem(error.field, str(error))]) from None
