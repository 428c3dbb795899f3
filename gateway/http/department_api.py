"""The departments (承办单位): everyone reads their names, administrators keep the tree (C3)."""

from typing import Any

from aiohttp import web

from gateway.auth.roles import ADMINISTRATORS, EVERYONE
from gateway.http.actors import as_problems
from gateway.http.auditing import record_change
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import CODE, Code, Name
from ticketing import departments
from ticketing.departments import Department, Level

PATH = f"/api/v1/departments/{{code:{CODE}}}"


class DepartmentAnswer(Answer):
    """A department; ``parent`` is the code of the one above, none at the top."""

    code: str
    name: str
    level: Level
    parent: str | None
    active: bool


class NewDepartment(Strict):
    """A department to be added; its parent is exactly one level up."""

    code: Code
    name: Name
    level: Level
    parent: Code | None = None


class DepartmentTerms(Strict):
    """What a department is from now on: its name, where it belongs, whether it gets cases."""

    name: Name
    parent: Code | None = None
    active: bool = True


@endpoint("GET", "/api/v1/departments", access=EVERYONE, answer=list[DepartmentAnswer])
async def get_departments(inquiry: Inquiry[Nothing, Nothing]) -> list[DepartmentAnswer]:
    """All departments, from the top level down."""
    async with inquiry.services.database() as connection:
        return [_answer(each) for each in await departments.list_departments(connection)]


@endpoint(
    "POST",
    "/api/v1/departments",
    access=ADMINISTRATORS,
    body=NewDepartment,
    answer=DepartmentAnswer,
    status=201,
)
async def post_department(inquiry: Inquiry[NewDepartment, Nothing]) -> DepartmentAnswer:
    """Add a department."""
    form = inquiry.body
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            added = await departments.create_department(
                connection,
                code=form.code,
                name=form.name,
                level=form.level,
                parent=form.parent,
            )
        detail = {"before": None, "after": _terms(added)}
        await record_change(inquiry, connection, "department.created", added.code, detail)
    return _answer(added)


@endpoint(
    "PUT",
    PATH,
    access=ADMINISTRATORS,
    body=DepartmentTerms,
    answer=DepartmentAnswer,
    problems=(404, 409),
)
async def put_department(inquiry: Inquiry[DepartmentTerms, Nothing]) -> DepartmentAnswer:
    """Rename, move, close or reopen a department."""
    form = inquiry.body
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            before, after = await departments.change_department(
                connection,
                inquiry.path("code"),
                name=form.name,
                parent=form.parent,
                active=form.active,
            )
        if before != after:
            detail = {"before": _terms(before), "after": _terms(after)}
            await record_change(inquiry, connection, "department.changed", after.code, detail)
    return _answer(after)


@endpoint("DELETE", PATH, access=ADMINISTRATORS, answer=None, status=204, problems=(404, 409))
async def delete_department(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """Remove a department that nothing refers to."""
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            gone = await departments.delete_department(connection, inquiry.path("code"))
        detail = {"before": _terms(gone), "after": None}
        await record_change(inquiry, connection, "department.removed", gone.code, detail)
    return delete_department.respond(None)


def _answer(department: Department) -> DepartmentAnswer:
    return DepartmentAnswer(code=department.code, **_terms(department))


def _terms(department: Department) -> dict[str, Any]:
    return {
        "name": department.name,
        "level": department.level,
        "parent": department.parent,
        "active": department.active,
    }


ENDPOINTS = (get_departments, post_department, put_department, delete_department)
