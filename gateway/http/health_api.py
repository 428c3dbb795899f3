"""Health for the machinery around the program: is it alive, can it work."""

from aiohttp import web

from gateway.http.endpoint import Answer, Inquiry, Nothing, endpoint
from gateway.readiness import Readiness


class Health(Answer):
    """The process answers."""

    alive: bool


class Component(Answer):
    """How one part is."""

    ready: bool
    detail: str


class ReadinessAnswer(Answer):
    """Whether all parts are ready, and each."""

    ready: bool
    components: dict[str, Component]


@endpoint("GET", "/healthz", access="public", answer=Health)
async def get_health(_inquiry: Inquiry[Nothing, Nothing]) -> Health:
    """The process is alive; asks nobody else."""
    return Health(alive=True)


@endpoint("GET", "/readyz", access="public", answer=ReadinessAnswer, other_statuses=(503,))
async def get_readiness(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """Whether every part is ready; 503 with the same content when one is not."""
    return readiness_response(inquiry.services.readiness)


def readiness_response(readiness: Readiness) -> web.Response:
    """What ``/readyz`` answers."""
    components = {
        name: Component(ready=condition.ready, detail=condition.detail)
        for name, condition in readiness.conditions.items()
    }
    answer = ReadinessAnswer(ready=readiness.ready, components=components)
    response = get_readiness.respond(answer)
    response.set_status(200 if readiness.ready else 503)
    return response


ENDPOINTS = (get_health, get_readiness)
