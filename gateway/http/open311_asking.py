"""What every question of Open311 passes, and how lists of it are answered."""

from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from gateway.http.endpoint import Endpoint, Handler, Inquiry, Nothing, Query, Result, endpoint
from gateway.http.open311_wire import FORMAT, ROOT, respond
from gateway.http.permission import bearer_of, by_key, limited
from gateway.http.problems import Problem
from ticketing.service_requests import Service, list_services

PER_ADDRESS, WINDOW_S = 120, 60


def reading(
    path: str, *, query: type[Query], answer: type[Result]
) -> Callable[[Handler[Nothing, Query, Result]], Endpoint]:
    """Declare what anybody may read at ``path``, in JSON and XML."""
    return endpoint(
        "GET",
        f"{ROOT}/{path}.{FORMAT}",
        access="public",
        query=query,
        answer=answer,
        problems=(403, 429),
        open311=True,
    )


async def admit(inquiry: Inquiry[Any, Any]) -> int | None:
    """The id of the key, if one is sent; nobody asks too often, and only about this city."""
    check_jurisdiction(inquiry, inquiry.query.jurisdiction_id)
    request = inquiry.request
    key = bearer_of(request)
    if key is not None:
        return (await by_key(request, key)).key_id
    address = request.remote or ""
    await limited(request, "open311-address", address, limit=PER_ADDRESS, window_s=WINDOW_S)
    return None


def check_jurisdiction(inquiry: Inquiry[Any, Any], given: str) -> None:
    """Raise `Problem` 404 for a city that is set and is not ours."""
    ours = inquiry.settings.open311_jurisdiction
    if ours and given and given != ours:
        raise Problem(404, "没有这个 jurisdiction_id")


async def open_services(inquiry: Inquiry[Any, Any]) -> list[Service]:
    """The services that there are now."""
    async with inquiry.services.database() as connection:
        return await list_services(connection)


def open_service(services: Sequence[Service], code: str) -> Service:
    """The one with this code; raises `Problem` 404."""
    found = next((service for service in services if service.code == code), None)
    if found is None:
        raise Problem(404, "没有这个 service_code，或它已关闭")
    return found


def listed(inquiry: Inquiry[Any, Any], root: str, rows: Sequence[BaseModel]) -> web.Response:
    """``rows`` in the container ``root``, in the format that was asked for."""
    return respond(inquiry.request, root, [row.model_dump(mode="json") for row in rows])
