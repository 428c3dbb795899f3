"""The categories (分类) of cases: everyone reads them, administrators keep them (C1)."""

from typing import Any

from aiohttp import web

from gateway.auth.roles import ADMINISTRATORS, EVERYONE
from gateway.http.actors import as_problems
from gateway.http.auditing import record_change
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import CODE, Code, Name
from ticketing import categories
from ticketing.categories import Category

PATH = f"/api/v1/categories/{{code:{CODE}}}"


class CategoryTerms(Strict):
    """What a category is: a class, or a sub-class of the class with code ``parent``.

    ``department`` is the code of the one that its cases are dispatched to unless told otherwise.
    """

    name: Name
    parent: Code | None = None
    department: Code | None = None
    closed: bool = False


class NewCategory(Strict):
    """A category to be added."""

    code: Code
    name: Name
    parent: Code | None = None
    department: Code | None = None


class CategoryAnswer(Answer):
    """A category; no case can be opened in a ``closed`` one."""

    code: str
    name: str
    parent: str | None
    department: str | None
    closed: bool


@endpoint("GET", "/api/v1/categories", access=EVERYONE, answer=list[CategoryAnswer])
async def get_categories(inquiry: Inquiry[Nothing, Nothing]) -> list[CategoryAnswer]:
    """All categories, classes first."""
    async with inquiry.services.database() as connection:
        return [_answer(each) for each in await categories.list_categories(connection)]


@endpoint(
    "POST",
    "/api/v1/categories",
    access=ADMINISTRATORS,
    body=NewCategory,
    answer=CategoryAnswer,
    status=201,
)
async def post_category(inquiry: Inquiry[NewCategory, Nothing]) -> CategoryAnswer:
    """Add a category."""
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            added = await categories.create_category(connection, **inquiry.body.model_dump())
        detail = {"before": None, "after": _terms(added)}
        await record_change(inquiry, connection, "category.created", added.code, detail)
    return _answer(added)


@endpoint(
    "PUT",
    PATH,
    access=ADMINISTRATORS,
    body=CategoryTerms,
    answer=CategoryAnswer,
    problems=(404,),
)
async def put_category(inquiry: Inquiry[CategoryTerms, Nothing]) -> CategoryAnswer:
    """Rename, move, close or reopen a category."""
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            before, after = await categories.change_category(
                connection, inquiry.path("code"), **inquiry.body.model_dump()
            )
        if before != after:
            detail = {"before": _terms(before), "after": _terms(after)}
            await record_change(inquiry, connection, "category.changed", after.code, detail)
    return _answer(after)


@endpoint("DELETE", PATH, access=ADMINISTRATORS, answer=None, status=204, problems=(404, 409))
async def delete_category(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """Remove a category that nothing refers to."""
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            gone = await categories.delete_category(connection, inquiry.path("code"))
        detail = {"before": _terms(gone), "after": None}
        await record_change(inquiry, connection, "category.removed", gone.code, detail)
    return delete_category.respond(None)


def _answer(category: Category) -> CategoryAnswer:
    return CategoryAnswer(code=category.code, **_terms(category))


def _terms(category: Category) -> dict[str, Any]:
    return {
        "name": category.name,
        "parent": category.parent,
        "department": category.department,
        "closed": category.closed,
    }


ENDPOINTS = (get_categories, post_category, put_category, delete_category)
