"""The web application: endpoints, middleware and headers put together."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from aiohttp import web

from gateway.dispatch_adviser import Adviser
from gateway.errors import GatewayError
from gateway.home_areas import HOME_AREAS, HomeAreas
from gateway.http import (
    api_key_api,
    attachment_api,
    audit_api,
    bad_rows_api,
    board_api,
    calendar_api,
    call_api,
    campaign_api,
    case_api,
    case_board_api,
    case_search_api,
    case_step_api,
    category_api,
    citizen_api,
    clock_api,
    control_api,
    department_api,
    dispatch_suggestion_api,
    enquiry_api,
    export_api,
    figures_api,
    health_api,
    hot_topic_api,
    inbound_api,
    joint_api,
    knowledge_api,
    knowledge_feedback_api,
    knowledge_search_api,
    line_api,
    notice_api,
    nuisance_api,
    open311_requests_api,
    open311_services_api,
    reconciliation_api,
    recording_api,
    reveal_api,
    ringback_api,
    seat_api,
    seat_figures_api,
    seat_queues_api,
    session_api,
    sheet_import_api,
    socket_api,
    suggestion_quality_api,
    supervision_api,
    supervision_list_api,
    surge_api,
    user_api,
    webhook_api,
    webhook_delivery_api,
)
from gateway.http.endpoint import Endpoint, Inquiry, Nothing, endpoint, require_declared
from gateway.http.malformed import QuietRunner
from gateway.http.middleware import MIDDLEWARES, set_headers
from gateway.http.openapi import document
from gateway.http.pages import DIST, page_endpoints
from gateway.http.services import SERVICES, SETTINGS, Services
from gateway.settings import Settings

MAX_BODY = 64 * 1024
SHUTDOWN_S = 5.0

API: tuple[Endpoint, ...] = (
    *session_api.ENDPOINTS,
    *seat_api.ENDPOINTS,
    *seat_figures_api.ENDPOINTS,
    *call_api.ENDPOINTS,
    *citizen_api.ENDPOINTS,
    *reveal_api.ENDPOINTS,
    *recording_api.ENDPOINTS,
    *control_api.ENDPOINTS,
    *supervision_api.ENDPOINTS,
    *seat_queues_api.ENDPOINTS,
    *ringback_api.ENDPOINTS,
    *case_api.ENDPOINTS,
    *case_search_api.ENDPOINTS,
    *case_step_api.ENDPOINTS,
    *case_board_api.ENDPOINTS,
    *joint_api.ENDPOINTS,
    *campaign_api.ENDPOINTS,
    *hot_topic_api.ENDPOINTS,
    *supervision_list_api.ENDPOINTS,
    *nuisance_api.ENDPOINTS,
    *attachment_api.ENDPOINTS,
    *department_api.ENDPOINTS,
    *category_api.ENDPOINTS,
    *clock_api.ENDPOINTS,
    *calendar_api.ENDPOINTS,
    *knowledge_api.ENDPOINTS,
    *knowledge_search_api.ENDPOINTS,
    *knowledge_feedback_api.ENDPOINTS,
    *board_api.ENDPOINTS,
    *dispatch_suggestion_api.ENDPOINTS,
    *suggestion_quality_api.ENDPOINTS,
    *surge_api.ENDPOINTS,
    *reconciliation_api.ENDPOINTS,
    *figures_api.ENDPOINTS,
    *line_api.ENDPOINTS,
    *api_key_api.ENDPOINTS,
    *inbound_api.ENDPOINTS,
    *enquiry_api.ENDPOINTS,
    *open311_services_api.ENDPOINTS,
    *open311_requests_api.ENDPOINTS,
    *user_api.ENDPOINTS,
    *sheet_import_api.ENDPOINTS,
    *bad_rows_api.ENDPOINTS,
    *export_api.ENDPOINTS,
    *audit_api.ENDPOINTS,
    *webhook_api.ENDPOINTS,
    *webhook_delivery_api.ENDPOINTS,
    *notice_api.ENDPOINTS,
    *health_api.ENDPOINTS,
    *socket_api.ENDPOINTS,
)


def create_app(services: Services, settings: Settings, *, dist: Path = DIST) -> web.Application:
    """The application over ``services``, serving the pages built in ``dist``.

    Starting it raises `RouteUndeclaredError` if any route does not say who may use it. Whoever
    makes it also runs ``services.hub.run()``.
    """
    app = web.Application(middlewares=MIDDLEWARES, client_max_size=MAX_BODY)
    app[SERVICES] = services
    app[SETTINGS] = settings
    app[dispatch_suggestion_api.ADVISER] = Adviser()
    app[HOME_AREAS] = HomeAreas()
    for each in (*API, _description(), *page_endpoints(dist)):
        app.router.add_route(each.method, each.path, each.handle)
    app.on_response_prepare.append(set_headers)
    app.on_startup.append(_check_routes)
    app.on_shutdown.append(_close_sockets)
    return app


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[None]:
    """``app`` answers at ``host``:``port`` inside the context.

    Raises `GatewayError` when the address cannot be used.
    """
    runner = QuietRunner(app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise GatewayError(f"cannot listen on {host}:{port}: {error.strerror}") from None
        yield
    finally:
        await runner.cleanup()


@cache
def _description() -> Endpoint:
    # The same in every application, and half a second of work.
    text = json.dumps(document(API), ensure_ascii=False)

    @endpoint("GET", "/api/v1/openapi.json", access="public", answer=None)
    async def get_openapi(_inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
        """This description."""
        return web.json_response(text=text)

    return get_openapi


async def _check_routes(app: web.Application) -> None:
    require_declared(app)


async def _close_sockets(app: web.Application) -> None:
    app[SERVICES].hub.end_all()
