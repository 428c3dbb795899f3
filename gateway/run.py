"""``hotline run``: engines, switchboard and the chosen roles of one process, until stopped."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

import structlog

from gateway.context import Context
from gateway.demo import add_people, write_cases
from gateway.engines import start_engines
from gateway.metrics_server import serve_metrics
from gateway.probes import probe_engines
from gateway.readiness import Readiness
from gateway.roles.ivr import ivr
from gateway.roles.switchboard import switchboard
from gateway.roles.web import web
from gateway.roles.worker import worker
from gateway.settings import Role, Settings
from gateway.switchboards import Switchboard, start_switchboard
from gateway.users import create_first_administrator

log = structlog.get_logger(__name__)


async def run(settings: Settings, roles: Sequence[Role], *, demo: bool) -> None:
    """Run ``roles`` until SIGINT or SIGTERM, then stop everything that was started here.

    Raises `GatewayError`, `DeployError` or `TelephonyError` when something cannot be started.
    """
    main = asyncio.current_task()
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop() -> None:
        if not stopping.is_set() and main is not None:
            stopping.set()
            main.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        await _run(settings, roles, demo=demo)
    except asyncio.CancelledError:
        if not stopping.is_set():
            raise
        log.info("stopped")
    except BaseExceptionGroup as group:
        raise _first(group) from None


async def _run(settings: Settings, roles: Sequence[Role], *, demo: bool) -> None:
    async with AsyncExitStack() as stack:
        engines = await start_engines(settings, stack)
        context = Context(settings=settings, engines=engines, readiness=Readiness())
        of_each = settings.of_each() if "switchboard" in roles else ()
        context.readiness.expect("postgres", "redis", *(set(roles) - {"switchboard"}))
        components = _components(of_each)
        context.readiness.expect_any(*components)
        await _greet(context, roles)
        boards = [await start_switchboard(each, stack, demo=demo) for each in of_each]
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(probe_engines(context))
            tasks.create_task(serve_metrics(context, with_figures="worker" in roles))
            for each, board, component in zip(of_each, boards, components, strict=True):
                _say(board.notice)
                await _start_town(context, board, tasks)
                work = switchboard(replace(context, settings=each), board, component)
                tasks.create_task(work, name=component)
            for role in roles:
                tasks.create_task(_work(role, context), name=role)


def _components(of_each: Sequence[Settings]) -> list[str]:
    """What the switchboards are called among the parts that are ready or not."""
    if len(of_each) == 1:
        return ["switchboard"]
    return [f"switchboard {settings.switchboard}" for settings in of_each]


async def _start_town(context: Context, board: Switchboard, tasks: asyncio.TaskGroup) -> None:
    if board.town is not None:
        await _tell_logins(context)
        tasks.create_task(board.town.run(), name="town")
        tasks.create_task(write_cases(context), name="demo cases")


async def _work(role: Role, context: Context) -> None:
    match role:
        case "switchboard":  # one task for each, above
            return
        case "ivr":
            await ivr(context)
        case "web":
            await web(context)
        case "worker":
            await worker(context)


async def _greet(context: Context, roles: Sequence[Role]) -> None:
    """Tell where the pages are and, the first time, how to log in."""
    if "web" not in roles:
        return
    settings = context.settings
    async with context.engines.pool.acquire() as connection:
        password = await create_first_administrator(connection)
    _say(f"Pages:    http://{settings.http_host}:{settings.http_port}/")
    _say(f"Metrics:  http://{settings.metrics_host}:{settings.metrics_port}/metrics")
    if password is not None:
        _say(f"Login:    admin / {password}   (shown this once; hotline user password changes it)")


async def _tell_logins(context: Context) -> None:
    for login, password in (await add_people(context)).items():
        _say(f"Login:    {login} / {password}   (demonstration; shown this once)")


def _say(text: str) -> None:
    if text:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first failure in a group of groups: what broke, not what broke with it."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
