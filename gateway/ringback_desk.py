"""Ringing back: the agent's own phone first, then the citizen, once it is sure that he wants it.

An attempt is a row before anything rings (``claimed``), and its id is the ChannelId of the agent's
leg. He waits in a context of the dialplan; the row becomes ``dialling`` in a transaction that looks
at all calls of the citizen once more, and only then is he sent on to dial. How that went is told by
``DialEnd`` of that very channel; what nobody saw is looked up (`gateway.ringback_resolver`).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from callback_survey.errors import RingbackRefusedError
from callback_survey.ringback.attempts import Attempt
from callback_survey.ringback.outcome import Outcome
from callback_survey.ringback.refusal import Refusal
from callback_survey.ringback.task import Task
from gateway.call_desk import RING_BACK, CallDesk
from gateway.commands import Command, CommandName, Handler
from gateway.database_away import DATABASE_AWAY
from gateway.errors import CommandRefusedError, CommandSilentError, OwnershipLostError
from gateway.refusals import RINGBACK_SENTENCES
from gateway.ringback_attempts import RingbackAttempts
from gateway.ringback_board import OUTCOMES, Board
from telephony import call_control
from telephony.ami.action import Action
from telephony.ami.client import demand
from telephony.errors import (
    ActionRefusedError,
    ControlRefusedError,
    LinkLostError,
    TelephonyError,
)
from telephony.events import CallEvent, CallEventName
from telephony.far_end import far_end_signs
from telephony.perform import phone_at
from telephony.watch import sign

TOLD_WITHIN_S = 120.0  # a telephone rings up to `dial_timeout_s` of the dialplan
WRITE_WITHIN_S = 300.0
RETRY_S = 1.0
REMEMBERED = 5_000

REPLACED = "系统正在主备切换，请稍后重试"
AWAY = "数据库暂时不可用，请稍后查看回拨任务的状态"
OVERTAKEN = "来电人已接通或任务已结束，已取消回拨"

log = structlog.get_logger(__name__)


class _Failed(Exception):  # noqa: N818  # no error of ours: it carries one
    """The citizen is not dialled because of ``error``; ``outcome`` where it is known."""

    def __init__(self, error: Exception, outcome: Outcome | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.outcome = outcome


@dataclass(slots=True)
class _Ringing:
    """An attempt of this process for calls missed up to ``missed_at``.

    ``called_off``: the citizen is not to be rung any more; ``over``: the switchboard has told how
    it ended.
    """

    attempt: Attempt
    spellings: frozenset[str] = field(repr=False)
    missed_at: datetime
    called_off: bool = False
    over: bool = False

    @property
    def id(self) -> str:
        """Of the attempt, and the Uniqueid of the agent's channel."""
        return self.attempt.attempt_id


class RingbackDesk:
    """Rings citizens back over one switchboard; `run` must run."""

    def __init__(self, board: Board, calls: CallDesk, attempts: RingbackAttempts) -> None:
        self._board = board
        self._calls = calls
        self._attempts = attempts
        self._ringing: dict[str, _Ringing] = {}
        self._through: OrderedDict[str, datetime] = OrderedDict()
        self._tasks = asyncio.TaskGroup()

    @property
    def handlers(self) -> Mapping[CommandName, Handler]:
        """Who carries out which command; may raise any `TelephonyError`."""
        return {CommandName.RING_BACK: self._ring_back}

    async def run(self) -> None:
        """Own what goes on after a command was answered, until cancelled."""
        async with self._tasks:
            await asyncio.Event().wait()

    def is_ringing(self, attempt_id: str) -> bool:
        """Whether this process sees to the attempt."""
        return attempt_id in self._ringing

    def heard(self, event: CallEvent) -> None:
        """Something happened to a call: who is answered is not rung back. Never blocks."""
        if event.name is not CallEventName.ANSWERED:
            return
        caller = event.call.caller
        self._through[caller] = event.at
        self._through.move_to_end(caller)
        if len(self._through) > REMEMBERED:
            self._through.popitem(last=False)
        for ringing in self._ringing.values():
            if caller in ringing.spellings:
                self._tasks.create_task(self.call_off(ringing.id))

    async def call_off(self, attempt_id: str) -> None:
        """The citizen is not to be rung (any more): hang up, unless he has answered."""
        ringing = self._ringing.get(attempt_id)
        if ringing is None or ringing.over:
            return
        ringing.called_off = True
        log.info("ring_back_called_off", attempt=attempt_id)
        try:
            # Asterisk finds a channel by its Uniqueid too (ast_channel_get_by_name).
            await demand(self._board.switch, Action("Hangup", {"Channel": attempt_id}))
        except TelephonyError as error:  # not up (yet): dialling is refused all the same
            log.info("ring_back_not_hung_up", attempt=attempt_id, reason=type(error).__name__)

    async def _ring_back(self, command: Command) -> None:
        """Returns once the agent has picked up and the citizen is being dialled."""
        own = self._calls.extensions_of(command)[0]
        call_control.require_idle(await phone_at(self._board.switch, own))
        ringing = await self._claim(command)
        self._ringing[ringing.id] = ringing
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks.create_task(self._carry_out(ringing, own, told))
        await asyncio.shield(told)

    async def _claim(self, command: Command) -> _Ringing:
        try:
            task, spellings = await self._attempts.look_at(command.task_id)
            self._refuse_who_calls(task, spellings)
            attempt = await self._attempts.claim(task.task_id, command.agent, self._board.now())
        except RingbackRefusedError as error:
            raise CommandRefusedError(RINGBACK_SENTENCES[error.refusal]) from None
        except OwnershipLostError:
            raise CommandRefusedError(REPLACED) from None
        except DATABASE_AWAY:
            raise CommandSilentError(AWAY) from None
        return _Ringing(attempt, spellings, task.last_missed_at)

    def _refuse_who_calls(self, task: Task, spellings: frozenset[str]) -> None:
        """Who is calling in, or was answered a moment ago and is not recorded yet."""
        calls = self._board.tracker.open_calls(self._board.now().timestamp())
        if any(call.caller in spellings for call in calls):
            raise RingbackRefusedError(Refusal.CALLING)
        if self._got_through(spellings, task.last_missed_at):
            raise RingbackRefusedError(Refusal.CLOSED)

    def _got_through(self, spellings: frozenset[str], since: datetime) -> bool:
        return any(at > since for one in spellings if (at := self._through.get(one)))

    async def _carry_out(
        self, ringing: _Ringing, extension: str, told: "asyncio.Future[None]"
    ) -> None:
        """See to an attempt until its outcome is stored, or nobody here can know it."""
        try:
            outcome = await self._ring_both(ringing, extension, told)
        except _Failed as failed:
            told.set_exception(failed.error)
            told.exception()  # also when nobody waits for it any more
            outcome = failed.outcome
        except TelephonyError as error:  # the citizen is being dialled, and nobody tells
            log.info("ring_back_unseen", attempt=ringing.id, reason=type(error).__name__)
            outcome = None
        try:
            if outcome is not None:
                await self._end(ringing, outcome)
        finally:
            del self._ringing[ringing.id]

    async def _ring_both(
        self, ringing: _Ringing, extension: str, told: "asyncio.Future[None]"
    ) -> Outcome | None:
        """The outcome; ``None`` when it has to be looked up.

        Raises `_Failed` before the citizen is dialled, `TelephonyError` afterwards.
        """
        await self._ring_agent(ringing, extension)
        await self._make_sure(ringing)
        signs = far_end_signs(ringing.id)
        over = sign("Hangup", Uniqueid=ringing.id)
        with self._board.switch.watch(*signs, over) as watch:
            await self._connect(ringing)
            told.set_result(None)
            seen = await watch.first(TOLD_WITHIN_S)
            ringing.over = True
        return OUTCOMES[signs[seen]] if seen in signs else None

    async def _ring_agent(self, ringing: _Ringing, extension: str) -> None:
        try:
            await self._calls.ring(extension, RING_BACK, "s", ringing.id)
        except LinkLostError as error:  # his telephone may ring now
            raise _Failed(error, None) from None
        except ControlRefusedError as error:
            if ringing.called_off:
                raise _Failed(CommandRefusedError(OVERTAKEN), Outcome.OVERTAKEN) from None
            raise _Failed(error, Outcome.AGENT_ABSENT) from None
        except TelephonyError as error:
            raise _Failed(error, Outcome.NOT_DIALLED) from None

    async def _make_sure(self, ringing: _Ringing) -> None:
        """Commit that the citizen is dialled, unless he got through meanwhile."""
        try:
            sure = not self._unwanted(ringing) and await self._attempts.mark_dialling(
                ringing.attempt, self._board.now()
            )
        except (OwnershipLostError, *DATABASE_AWAY):
            await self.call_off(ringing.id)
            raise _Failed(CommandSilentError(AWAY), None) from None
        if not sure or self._unwanted(ringing):
            await self.call_off(ringing.id)
            raise _Failed(CommandRefusedError(OVERTAKEN), Outcome.OVERTAKEN)

    def _unwanted(self, ringing: _Ringing) -> bool:
        return ringing.called_off or self._got_through(ringing.spellings, ringing.missed_at)

    async def _connect(self, ringing: _Ringing) -> None:
        to = {"Context": call_control.SEATS, "Exten": ringing.attempt.number, "Priority": "1"}
        try:
            await demand(self._board.switch, Action("Redirect", {"Channel": ringing.id, **to}))
        except ActionRefusedError as error:  # the agent has hung up already
            raise _Failed(error, Outcome.NOT_DIALLED) from None
        except TelephonyError as error:
            raise _Failed(error, None) from None

    async def _end(self, ringing: _Ringing, outcome: Outcome) -> None:
        """Store it; while PostgreSQL is away it is tried again, then left to be looked up."""
        at, loop = self._board.now(), asyncio.get_running_loop()
        give_up_s = loop.time() + WRITE_WITHIN_S
        while loop.time() < give_up_s:
            try:
                await self._attempts.end(ringing.id, outcome, at)
            except OwnershipLostError:
                return
            except DATABASE_AWAY as error:
                name = type(error).__name__
                log.warning("ring_back_outcome_waits", attempt=ringing.id, error=name)
                await asyncio.sleep(RETRY_S)
            else:
                log.info("ring_back_ended", attempt=ringing.id, outcome=outcome.value)
                return
