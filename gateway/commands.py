"""Commands from the web processes to the owner of the switchboard, over Redis.

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
from dataclasses import asdict, dataclass, field
from enum import StrEnum

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.errors import CommandRefusedError, CommandSilentError

TIMEOUT_S = 8.0
RINGING_TIMEOUT_S = 40.0  # of a command that is done only when somebody has picked up his phone
BLOCK_S = 1  # clients need a socket_timeout above this
KEPT_S = 30
CONCURRENCY = 256  # some ring a phone for half a minute, and must not hold up the others
MAX_WAITING = 1_000
RETRY_S = 1.0

log = structlog.get_logger(__name__)


class CommandName(StrEnum):
    """What can be asked of the switchboard; who may ask for what is up to the endpoints."""

    READY = "ready"  # log in to the queues where the seat is not, and take calls
    NOT_READY = "not_ready"  # stay logged in (or log in) without taking calls
    LOG_OUT = "logged_out"  # leave all queues
    SERVE_QUEUES = "serve_queues"  # be logged in to these, as ready or not as before
    FINISH_WRAP_UP = "finish_wrap_up"  # take calls again at once
    PROLONG_WRAP_UP = "prolong_wrap_up"
    HANG_UP = "hang_up"  # the agent leaves the call, or whatever the phone is busy with
    TRANSFER = "transfer"
    CONSULT = "consult"
    COMPLETE_CONSULTATION = "complete_consultation"
    CANCEL_CONSULTATION = "cancel_consultation"
    CONFERENCE = "conference"
    DIAL = "dial"
    RING_BACK = "ring_back"
    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"
    TAKE_OVER = "take_over"
    CUT = "cut"  # end the seat's conversation, for the caller too

    @property
    def is_of_seat(self) -> bool:
        """Whether it changes the seat's state, and so has to keep its order."""
        return self in _OF_SEAT

    @property
    def timeout_s(self) -> float:
        """How long whoever asks waits for the outcome."""
        return RINGING_TIMEOUT_S if self in _RINGING else TIMEOUT_S


_OF_SEAT = frozenset(
    {
        CommandName.READY,
        CommandName.NOT_READY,
        CommandName.LOG_OUT,
        CommandName.SERVE_QUEUES,
        CommandName.FINISH_WRAP_UP,
        CommandName.PROLONG_WRAP_UP,
    }
)
_RINGING = frozenset(
    {
        CommandName.DIAL,
        CommandName.RING_BACK,
        CommandName.LISTEN,
        CommandName.WHISPER,
        CommandName.BARGE,
        CommandName.TAKE_OVER,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """``name`` for the seat of ``agent`` (工号) at ``extension``.

    ``reason`` belongs to not ready; ``call_id`` is the call that was meant, empty for whatever the
    seat is busy with; ``number`` (digits) or ``queue`` is where a transfer, a consultation or a
    dialling goes; ``supervisor`` is the extension of who joins or takes over; ``task_id`` says
    whom to ring back. ``queues`` are those that the seat serves (none: all), ``extensions`` the
    phones it is to be logged in with (none: as now, or ``extension``).
    """

    name: CommandName
    agent: str
    extension: str
    reason: str = ""
    call_id: str = ""
    number: str = field(default="", repr=False)
    queue: str = ""
    supervisor: str = ""
    task_id: int = 0
    queues: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()

    @property
    def turn(self) -> str:
        """Commands with the same turn are done one after the other."""
        return f"{self.agent} {'seat' if self.name.is_of_seat else self.name}"


Handler = Callable[[Command], Awaitable[None]]


def _commands_key(switchboard: str) -> str:
    return f"hotline:commands:{switchboard}"


def _answer_key(command_id: str) -> str:
    return f"hotline:answer:{command_id}"


async def send_command(redis: Redis, switchboard: str, command: Command) -> None:
    """Have ``command`` done; returns when the switchboard has accepted it.

    Raises `CommandRefusedError` with the owner's sentence, `CommandSilentError` when nothing
    confirms it in the time of its name, and `redis.exceptions.RedisError`.
    """
    command_id, timeout_s = secrets.token_urlsafe(12), command.name.timeout_s
    deadline_s = await _now_s(redis) + timeout_s
    entry = json.dumps({"id": command_id, "deadline_s": deadline_s, "command": asdict(command)})
    key = _commands_key(switchboard)
    async with redis.pipeline(transaction=True) as pipeline:
        pipeline.rpush(key, entry)
        pipeline.ltrim(key, -MAX_WAITING, -1)
        pipeline.expire(key, KEPT_S)
        await pipeline.execute()
    outcome = await _answer(redis, command_id, timeout_s)
    if outcome["refusal"]:
        raise CommandRefusedError(outcome["refusal"])
    if outcome["unconfirmed"]:
        raise CommandSilentError(outcome["unconfirmed"])


async def _answer(redis: Redis, command_id: str, timeout_s: float) -> dict[str, str]:
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                answer = await redis.blpop([_answer_key(command_id)], timeout=BLOCK_S)
                if answer is not None:
                    return dict(json.loads(answer[1]))
    except TimeoutError:
        raise CommandSilentError(f"交换机在 {timeout_s:.0f} 秒内没有应答，请稍后重试") from None


async def serve_commands(
    redis: Redis,
    switchboard: str,
    handler: Handler,
    *,
    allowed: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Do commands for ever: those of one `Command.turn` in their order, all others at once.

    Each is taken when ``allowed`` has returned (always without one): a process that stands by
    leaves them to the owner.

    ``handler`` raises `CommandRefusedError` to refuse, `CommandSilentError` when it cannot tell
    whether it was done. A command whose deadline has passed is not
    done: whoever asked was told so already. Outages of Redis are waited out.
    """
    slots = asyncio.Semaphore(CONCURRENCY)
    turns: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
    async with asyncio.TaskGroup() as tasks:
        while True:
            await slots.acquire()
            entry = await _next(redis, switchboard, allowed)
            turn = turns.setdefault(entry.command.turn, asyncio.Lock())
            task = tasks.create_task(_serve(redis, entry, turn, handler))
            task.add_done_callback(lambda _task: slots.release())


@dataclass(frozen=True, slots=True)
class _Entry:
    id: str
    deadline_s: float
    command: Command


def _entry(text: str) -> _Entry:
    entry = json.loads(text)
    command = entry["command"]
    exact = {
        "name": CommandName(command["name"]),
        "queues": tuple(command["queues"]),
        "extensions": tuple(command["extensions"]),
    }
    return _Entry(entry["id"], entry["deadline_s"], Command(**command | exact))


async def _next(
    redis: Redis, switchboard: str, allowed: Callable[[], Awaitable[None]] | None
) -> _Entry:
    while True:
        if allowed is not None:
            await allowed()
        try:
            popped = await redis.blpop([_commands_key(switchboard)], timeout=BLOCK_S)
        except RedisError as error:
            log.warning("commands_unreachable", error=type(error).__name__)
            await asyncio.sleep(RETRY_S)
            continue
        if popped is not None:
            try:
                return _entry(str(popped[1]))
            except (KeyError, TypeError, ValueError) as error:  # of another version of this program
                log.warning("command_unreadable", error=type(error).__name__)


async def _serve(redis: Redis, entry: _Entry, turn: asyncio.Lock, handler: Handler) -> None:
    key = _answer_key(entry.id)
    try:
        async with turn:
            outcome = await _outcome(redis, entry, handler)
        async with redis.pipeline(transaction=True) as pipeline:
            pipeline.rpush(key, json.dumps(outcome, ensure_ascii=False))
            pipeline.expire(key, KEPT_S)
            await pipeline.execute()
    except RedisError as error:  # the asker gets no answer and says so; the next command matters
        log.warning("command_unanswered", error=type(error).__name__)


async def _outcome(redis: Redis, entry: _Entry, handler: Handler) -> dict[str, str]:
    refusal = unconfirmed = ""
    left_s = entry.deadline_s - await _now_s(redis)
    if left_s <= 0:
        return {"refusal": "指令已过期，没有执行", "unconfirmed": ""}
    try:
        async with asyncio.timeout(left_s):
            await handler(entry.command)
    except CommandRefusedError as error:
        refusal = str(error)
    except CommandSilentError as error:
        unconfirmed = str(error)
    except TimeoutError:
        unconfirmed = "交换机没有及时应答，请稍后重试"
    except Exception:  # one command that goes wrong must not end the service of all seats
        log.exception("command_failed", agent=entry.command.agent, command=entry.command.name)
        refusal = "指令执行出错，请联系管理员"
    return {"refusal": refusal, "unconfirmed": unconfirmed}


async def _now_s(redis: Redis) -> float:
    seconds, microseconds = await redis.time()
    return seconds + microseconds / 1e6


class RedisCommands:
    """Commands to the switchboards, as the web processes give them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def send(self, switchboard: str, command: Command) -> None:
        """As `send_command`."""
        await send_command(self._redis, switchboard, command)
