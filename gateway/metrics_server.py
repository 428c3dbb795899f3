"""``/metrics`` on a port of its own, for Prometheus: internal, without a login."""

import asyncio

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from gateway.context import Context
from gateway.http.application import listening
