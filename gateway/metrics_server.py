"""``/metrics`` on a port of its own, for Prometheus: internal, without a login."""

import asyncio

from aiohttp import web
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from gateway.context import Context
from gateway.http.application import listening
from metrics.exporter import FiguresCollector
from metrics.snapshot import SnapshotKeeper

REFRESH_S = 2.0


async def serve_metrics(context: Context, *, with_figures: bool) -> None:
    """Serve until cancelled; the figures are those of the whole hotline, from PostgreSQL."""
    settings = context.settings
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    registry.register(context.watched)
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
                queues=settings.queues,
                lines=settings.lines,
                planned_seats=settings.planned_seats,
            )
            registry.register(figures)
            tasks.create_task(keeper.run())
        app = _app(registry)
        async with listening(app, settings.metrics_host, settings.metrics_port):
            await asyncio.Event().wait()


def _app(registry: CollectorRegistry) -> web.Application:
    async def scrape(_request: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    app = web.Application()
    app.router.add_get("/metrics", scrape)
    return app
