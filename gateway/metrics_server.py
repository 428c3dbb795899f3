"""``/metrics`` on a port of its own, for Prometheus: internal, without a login.

Every process has this port, also one without pages, so ``/healthz`` and ``/readyz`` are here too.
"""

import asyncio

from aiohttp import web
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from gateway.context import Context
from gateway.http.application import listening
from gateway.http.health_api import Health, readiness_response
from gateway.readiness import Readiness
from metrics.exporter import FiguresCollector
from metrics.snapshot import SnapshotKeeper

REFRESH_S = 2.0


async def serve_metrics(context: Context, *, with_figures: bool) -> None:
    """Serve until cancelled; the figures are those of the whole hotline, from PostgreSQL."""
    settings = context.settings
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    async with asyncio.TaskGroup() as tasks:
        if with_figures:
            keeper = SnapshotKeeper(
                context.engines.pool,
                interval_s=REFRESH_S,
                short_abandon_s=settings.short_abandon_s,
                clock=context.clock,
            )
            figures = FiguresCollector(
                keeper,
                queues={queue for each in settings.of_each() for queue in each.queues},
                planned_seats=settings.planned_seats,
            )
            registry.register(figures)
            tasks.create_task(keeper.run())
        app = _app(registry, context.readiness)
        async with listening(app, settings.metrics_host, settings.metrics_port):
            await asyncio.Event().wait()


def _app(registry: CollectorRegistry, readiness: Readiness) -> web.Application:
    async def scrape(_request: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    async def health(_request: web.Request) -> web.Response:
        return web.json_response(text=Health(alive=True).model_dump_json())

    async def ready(_request: web.Request) -> web.Response:
        return readiness_response(readiness)

    app = web.Application()
    app.router.add_get("/metrics", scrape)
    app.router.add_get("/healthz", health)
    app.router.add_get("/readyz", ready)
    return app
