"""Seat commands from the web processes to the owner of the switchboard, over Redis.

A command is pushed on the list ``hotline:commands:<switchboard>``; the owner pops it (so that it
is done at most once), does it and pushes the outcome on ``hotline:answer:<id>``. Deadlines are in
Redis' own clock, which both sides read: theirs may differ. A list, not a stream: popping is the
claim, and nothing has to be remembered over an emptied Redis.
"""

import asyncio
import json
import secrets
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.errors import SeatRefusedError, SeatSilentError

TIMEOUT_S = 5.0
BLOCK_S = 1  # clients need a socket_timeout above this
KEPT_S = 30
CONCURRENCY = 32
MAX_WAITING = 1_000
RETRY_S = 1.0

log = structlog.get_logger(__name__)


class SeatAction(StrEnum):
    """What an agent can ask for his seat."""

    READY = "ready"  # log in to the queues where he is not, and take calls
    NOT_READY = "not_ready"  # stay logged in (or log in) without taking calls
    LOG_OUT = "logged_out"  # leave all queues


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatCommand:
    """``action`` for the seat of ``agent`` (工号) at ``extension``; ``reason`` with not ready."""

    agent: str
    extension: str
    action: SeatAction
    reason: str = ""


Handler = Callable[[SeatCommand], Awaitable[None]]


def _commands_key(switchboard: str) -> str:
    return f"hotline:commands:{switchboard}"


def _answer_key(command_id: str) -> str:
    return f"hotline:answer:{command_id}"


async def send_command(redis: Redis, switchboard: str, command: SeatCommand) -> None:
    """Have ``command`` done; returns when the switchboard has accepted it.

    Raises `SeatRefusedError` with the owner's sentence, `SeatSilentError` after `TIMEOUT_S`, and
    `redis.exceptions.RedisError`.
    """
    command_id = secrets.token_urlsafe(12)
    entry = json.dumps(
        asdict(command) | {"id": command_id, "deadline_s": await _now_s(redis) + TIMEOUT_S}
    )
    key = _commands_key(switchboard)
    async with redis.pipeline(transaction=True) as pipeline:
        pipeline.rpush(key, entry)
        pipeline.ltrim(key, -MAX_WAITING, -1)
        pipeline.expire(key, KEPT_S)
        await pipeline.execute()
    refusal = await _answer(redis, command_id)
    if refusal:
        raise SeatRefusedError(refusal)


async def _answer(redis: Redis, command_id: str) -> str:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                answer = await redis.blpop([_answer_key(command_id)], timeout=BLOCK_S)
                if answer is not None:
                    return str(json.loads(answer[1])["refusal"])
    except TimeoutError:
        raise SeatSilentError(f"交换机在 {TIMEOUT_S:.0f} 秒内没有应答，请稍后重试") from None


async def serve_commands(redis: Redis, switchboard: str, handler: Handler) -> None:
    """Do commands for ever, those of one agent in their order, those of several at once.

    ``handler`` raises `SeatRefusedError` to refuse. A command whose deadline has passed is not
    done: the agent was told so already. Outages of Redis are waited out.
    """
    slots = asyncio.Semaphore(CONCURRENCY)
    turns: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
    async with asyncio.TaskGroup() as tasks:
        while True:
            await slots.acquire()
            entry = await _next(redis, switchboard)
            turn = turns.setdefault(entry["agent"], asyncio.Lock())
            task = tasks.create_task(_serve(redis, entry, turn, handler))
            task.add_done_callback(lambda _task: slots.release())


async def _next(redis: Redis, switchboard: str) -> dict[str, Any]:
    while True:
        try:
            popped = await redis.blpop([_commands_key(switchboard)], timeout=BLOCK_S)
        except RedisError as error:
            log.warning("commands_unreachable", error=type(error).__name__)
            await asyncio.sleep(RETRY_S)
            continue
        if popped is not None:
            return dict(json.loads(popped[1]))


async def _serve(redis: Redis, entry: dict[str, Any], turn: asyncio.Lock, handler: Handler) -> None:
    key = _answer_key(entry["id"])
    try:
        async with turn:
            refusal = await _outcome(redis, entry, handler)
        async with redis.pipeline(transaction=True) as pipeline:
            pipeline.rpush(key, json.dumps({"refusal": refusal}, ensure_ascii=False))
            pipeline.expire(key, KEPT_S)
            await pipeline.execute()
    except RedisError as error:  # the asker gets no answer and says so; the next command matters
        log.warning("command_unanswered", error=type(error).__name__)


async def _outcome(redis: Redis, entry: dict[str, Any], handler: Handler) -> str:
    command = SeatCommand(
        agent=entry["agent"],
        extension=entry["extension"],
        action=SeatAction(entry["action"]),
        reason=entry["reason"],
    )
    left_s = entry["deadline_s"] - await _now_s(redis)
    if left_s <= 0:
        return "指令已过期，没有执行"
    try:
        async with asyncio.timeout(left_s):
            await handler(command)
    except SeatRefusedError as error:
        return str(error)
    except TimeoutError:
        return "交换机没有及时应答，请稍后重试"
    except Exception:  # one command that goes wrong must not end the service of all seats
        log.exception("command_failed", agent=command.agent, action=command.action.value)
        return "指令执行出错，请联系管理员"
    return ""


async def _now_s(redis: Redis) -> float:
    seconds, microseconds = await redis.time()
    return seconds + microseconds / 1e6


class RedisSeatCommands:
    """Commands to one switchboard, as the web processes give them."""

    def __init__(self, redis: Redis, switchboard: str) -> None:
        self._redis = redis
        self._switchboard = switchboard

    async def send(self, command: SeatCommand) -> None:
        """As `send_command`."""
        await send_command(self._redis, self._switchboard, command)
