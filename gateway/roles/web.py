"""Role ``web``: pages, HTTP API and WebSocket. Stateless; any number of them may run."""

import asyncio
from datetime import timedelta
from typing import Any

from gateway.commands import RedisCommands
from gateway.context import Context
from gateway.home_areas import HOME_AREAS
from gateway.http.application import create_app, listening
from gateway.http.services import Services
from gateway.http.sockets import SocketHub
from gateway.jobs import enqueue_survey
from gateway.live_state import RedisLiveState
from gateway.transcript import is_replayed
from ticketing.case import Case


async def web(context: Context) -> None:
    """Serve until cancelled. Raises `GatewayError` when the address cannot be used."""
    settings, engines = context.settings, context.engines

    async def survey_closed_case(connection: Any, case: Case) -> None:
        if case.caller and not is_replayed(case.call_id):
            delay = timedelta(seconds=settings.survey_delay_s)
            await enqueue_survey(connection, case.case_id, delay=delay)

    hub = SocketHub(engines.redis)
    services = Services(
        pool=engines.pool,
        redis=engines.redis,
        commands=RedisCommands(engines.redis),
        live=RedisLiveState(engines.redis),
        hub=hub,
        readiness=context.readiness,
        on_case_closed=survey_closed_case,
        clock=context.clock,
    )
    app = create_app(services, settings)
    async with listening(app, settings.http_host, settings.http_port), asyncio.TaskGroup() as tasks:
        tasks.create_task(hub.run())
        tasks.create_task(app[HOME_AREAS].load())
        context.readiness.report("web", ready=True)
