"""Commands to calls, carried out on the switchboard."""

import secrets
from collections.abc import Mapping

from gateway.commands import Command, CommandName, Handler
from gateway.refusals import OWN_PHONE
from telephony import call_control
from telephony.ami.action import Action
from telephony.call_control import Plan, Target
from telephony.calls.channels import CallChannels, Leg
from telephony.errors import (
    ActionRefusedError,
    ActionTimeoutError,
    ControlRefusedError,
    LinkLostError,
    NotConnectedError,
    Refusal,
)
from telephony.names import interface_of
from telephony.originate import Dialled, DialPlan, OriginateRequest, originate
from telephony.perform import perform, phone_at
from telephony.seats.hold_back import extension_of
from telephony.tracker import Tracker
from telephony.watch import Switch, sign

RING_S = 25
JOIN_WITHIN_S = 4.0
JOINING = frozenset({"listen", "whisper", "barge"})  # contexts of the dialplan
RING_BACK = "ring-back"  # where an agent waits until the citizen may be dialled


class CallDesk:
    """Controls the calls of one switchboard, as ``tracker`` knows them."""

    def __init__(
        self,
        switch: Switch,
        tracker: Tracker,
        *,
        queues: tuple[str, ...],
        caller_id: str,
        outside_min_digits: int,
    ) -> None:
        self._switch = switch
        self._tracker = tracker
        self._queues = queues
        self._outside_min_digits = outside_min_digits
        self._own_phone = DialPlan(
            channel="PJSIP/{number}",
            contexts=JOINING | {call_control.SEATS, RING_BACK},
            variables=frozenset(),
            caller_id=caller_id,
        )

    @property
    def handlers(self) -> Mapping[CommandName, Handler]:
        """Who carries out which command; each may raise any `TelephonyError`."""
        return {
            CommandName.HANG_UP: self._hang_up,
            CommandName.TRANSFER: self._transfer,
            CommandName.CONSULT: self._consult,
            CommandName.COMPLETE_CONSULTATION: self._complete_consultation,
            CommandName.CANCEL_CONSULTATION: self._cancel_consultation,
            CommandName.CONFERENCE: self._conference,
            CommandName.DIAL: self._dial,
            CommandName.LISTEN: self._join,
            CommandName.WHISPER: self._join,
            CommandName.BARGE: self._join,
            CommandName.TAKE_OVER: self._take_over,
            CommandName.CUT: self._cut,
        }

    async def _hang_up(self, command: Command) -> None:
        if command.call_id:
            plan = call_control.hang_up(self._call(command), command.agent)
        else:
            plan = call_control.hang_up_phone(self._legs(command))
        await self._perform(plan)

    async def _transfer(self, command: Command) -> None:
        target = await self._target(command)
        await self._perform(call_control.transfer(self._call(command), command.agent, target))

    async def _consult(self, command: Command) -> None:
        target = await self._target(command)
        await self._perform(call_control.consult(self._call(command), command.agent, target))

    async def _complete_consultation(self, command: Command) -> None:
        plan = call_control.complete_consultation(self._call(command), command.agent)
        await self._perform(plan)

    async def _cancel_consultation(self, command: Command) -> None:
        plan = call_control.cancel_consultation(self._call(command), command.agent)
        await self._perform(plan)

    async def _conference(self, command: Command) -> None:
        await self._perform(call_control.conference(self._call(command), command.agent))

    async def _dial(self, command: Command) -> None:
        target = await self._target(command)
        own = self.extensions_of(command)[0]
        call_control.require_idle(await phone_at(self._switch, own))
        await self.ring(own, target.context, target.exten)

    async def _join(self, command: Command) -> None:
        """Ring the supervisor's phone; done once it hears the very channel that was meant."""
        call, legs = self._seat_call(command), self._legs(command)
        spied = call_control.conversation_at(call, command.agent, legs)
        seat = extension_of(interface_of(spied.channel)) or command.extension
        call_control.require_idle(await phone_at(self._switch, command.supervisor))
        spy = f"spy-{secrets.token_hex(8)}"
        heard = sign("ChanSpyStart", SpyerUniqueid=spy, SpyeeUniqueid=spied.uniqueid)
        over = sign("Hangup", Uniqueid=spy)
        with self._switch.watch(heard, over) as watch:
            await self.ring(command.supervisor, command.name.value, seat, spy)
            try:
                seen = await watch.first(JOIN_WITHIN_S)
            except ActionTimeoutError:  # it hears another conversation: the one meant is over
                await self._let_go(command.supervisor, spy)
                raise
        if seen == over:
            raise ControlRefusedError(Refusal.NO_CONVERSATION)

    async def _let_go(self, supervisor: str, spy: str) -> None:
        for leg in self._tracker.channels_at(f"PJSIP/{supervisor}"):
            if leg.uniqueid == spy:
                await self._switch.request(Action("Hangup", {"Channel": leg.channel}))

    async def _take_over(self, command: Command) -> None:
        call = self._seat_call(command)
        plan = call_control.take_over(call, command.agent, command.supervisor)
        call_control.require_idle(await phone_at(self._switch, command.supervisor))
        await self._perform(plan)

    async def _cut(self, command: Command) -> None:
        await self._perform(call_control.cut(self._seat_call(command), self._legs(command)))

    def extensions_of(self, command: Command) -> list[str]:
        """Where the agent is logged in, or the own extension of one who is not."""
        interfaces = self._tracker.interfaces_of(command.agent)
        return [one for one in map(extension_of, interfaces) if one] or [command.extension]

    def _legs(self, command: Command) -> tuple[Leg, ...]:
        """Whatever the agent's phones are busy with."""
        extensions = self.extensions_of(command)
        at = (self._tracker.channels_at(f"PJSIP/{extension}") for extension in extensions)
        return tuple(leg for legs in at for leg in legs)

    def _call(self, command: Command) -> CallChannels | None:
        return self._tracker.channels_of(command.call_id)

    def _seat_call(self, command: Command) -> CallChannels | None:
        """The call in which the seat's agent talks now."""
        call_id = self._tracker.call_of(command.agent)
        return self._tracker.channels_of(call_id) if call_id else None

    async def _target(self, command: Command) -> Target:
        if command.queue:
            return call_control.to_queue(command.queue, self._queues)
        return call_control.to_number(
            command.number,
            await phone_at(self._switch, command.number),
            own=self.extensions_of(command)[0],
            outside_min_digits=self._outside_min_digits,
        )

    async def _perform(self, plan: Plan) -> None:
        await perform(self._switch, plan)

    async def ring(
        self, extension: str, context: str, exten: str, channel_id: str | None = None
    ) -> None:
        """Ring an own phone; who picks it up goes to ``exten`` in ``context``.

        Raises `ControlRefusedError` (nobody picked it up), `ActionRefusedError`,
        `NotConnectedError` and, when it may be ringing still, `LinkLostError`.
        """
        request = OriginateRequest(
            channel_id=channel_id or f"dial-{secrets.token_hex(8)}",
            number=extension,
            context=context,
            exten=exten,
            ring_s=RING_S,
        )
        result = await originate(self._switch, request, self._own_phone)
        match result.dialled:
            case Dialled.ANSWERED:
                return
            case Dialled.NOT_SENT:
                raise NotConnectedError(result.reason)
            case Dialled.UNKNOWN:
                raise LinkLostError(result.reason)
            case Dialled.REFUSED:
                raise ActionRefusedError(result.reason)
        raise ControlRefusedError(OWN_PHONE[result.dialled])
