"""Messages of queues: who waits, which seats ring, who answers, who gives up and why."""

from telephony.ami.message import Message
from telephony.calls.book import CallBook
from telephony.calls.channel_messages import ChannelMessages, Handler
from telephony.calls.state import Call
from telephony.calls.transitions import Trigger
from telephony.names import digits, plain_interface

# QUEUESTATUS of app_queue, as the dialplan or the variable itself tells it.
STATUS_TRIGGERS = {
    "FULL": Trigger.REFUSED_FULL,
    "JOINEMPTY": Trigger.REFUSED_NO_STAFF,
    "JOINUNAVAIL": Trigger.REFUSED_NO_STAFF,
    "LEAVEEMPTY": Trigger.EMPTIED,
    "LEAVEUNAVAIL": Trigger.EMPTIED,
    "TIMEOUT": Trigger.EXPIRED,
}
_DIAL_MISSED = frozenset({"NOANSWER", "BUSY", "CONGESTION", "CHANUNAVAIL", "DONTCALL"})


class QueueMessages:
    """Handlers by event name.

    ``hangup_requests`` says whether the stream carries ``HangupRequest``: without it a queue
    time-out looks like an abandonment, because app_queue sends ``QueueCallerAbandon`` for both
    (record_abandoned in app_queue.c).
    """

    def __init__(self, book: CallBook, channels: ChannelMessages, *, hangup_requests: bool) -> None:
        self._book = book
        self._channels = channels
        self._topology = book.topology
        self._directory = book.directory
        self._hangup_requests = hangup_requests
        self.handlers: dict[bytes, Handler] = {
            b"DialBegin": self._on_dial_begin,
            b"DialEnd": self._on_dial_end,
            b"QueueCallerJoin": self._on_join,
            b"QueueCallerLeave": self._on_leave_queue,
            b"QueueCallerAbandon": self._on_abandon,
            b"AgentCalled": self._on_agent_called,
            b"AgentConnect": self._on_agent_connect,
            b"AgentRingNoAnswer": self._on_ring_no_answer,
            b"UserEvent": self._on_user_event,
            b"VarSet": self._on_queue_status,
        }

    def _on_dial_begin(self, message: Message, at: float) -> None:
        leg, name = message.get("DestUniqueid"), message.get("DestChannel")
        if leg in self._channels.gone:
            return
        channel = self._topology.add(leg, name)
        if not channel.agent:
            dialler = self._topology.channels.get(message.get_last("Uniqueid"))
            half = self._topology.partner(dialler) if dialler else None
            channel.agent = (half.agent if half else "") or (
                self._directory.agent_at(channel.interface) or ""
            )
        if channel.agent and (call := self._channels.call_of(message)):
            channel.call = call
            self._book.ring(call, leg, channel.agent, channel.interface, at)

    def _on_dial_end(self, message: Message, at: float) -> None:
        leg = message.get("DestUniqueid")
        channel = self._topology.channels.get(leg)
        call = channel.call if channel else None
        if call is None or leg not in call.rings:
            return
        status = message.get("DialStatus")
        if status == "CANCEL":
            self._book.apply(call, Trigger.RING_CANCELLED, at)
        elif status in _DIAL_MISSED:
            self._book.miss(call, call.rings[leg][0], at)

    def _on_agent_called(self, message: Message, at: float) -> None:
        call, agent = self._channels.caller_in_queue(message, at), self._agent(message)
        leg = message.get("DestUniqueid")
        if call is None or leg in call.rings or leg in self._channels.gone:
            return
        channel = self._topology.add(leg, message.get("DestChannel"))
        channel.agent, channel.call = agent, call
        self._book.ring(call, leg, agent, plain_interface(message.get("Interface")), at)

    def _on_ring_no_answer(self, message: Message, at: float) -> None:
        if call := self._channels.call_of(message):
            self._book.miss(call, self._agent(message), at)

    def _agent(self, message: Message) -> str:
        return self._directory.learn(message.get("MemberName"), message.get("Interface"))

    def _on_join(self, message: Message, at: float) -> None:
        if (call := self._channels.caller_in_queue(message, at)) is None:
            return
        queue = message.get("Queue")
        if call.answered_at is None:
            call.queue = queue
        call.hanging_up = False
        if self._book.apply(call, Trigger.JOINED, at, detail=queue):
            call.left_at = None

    def _on_leave_queue(self, message: Message, at: float) -> None:
        if call := self._channels.call_of(message):
            self._book.apply(call, Trigger.LEFT_QUEUE, at)

    def _on_abandon(self, message: Message, at: float) -> None:
        if (call := self._channels.call_of(message)) is None:
            return
        hung_up = call.hanging_up or not self._hangup_requests
        self._book.apply(call, Trigger.DROPPED if hung_up else Trigger.WITHDRAWN, at)

    def _on_agent_connect(self, message: Message, at: float) -> None:
        leg = message.get("DestUniqueid")
        call, agent = self._channels.caller_in_queue(message, at), self._agent(message)
        if call is None or leg in self._channels.gone:
            return
        channel = self._topology.add(leg, message.get("DestChannel"))
        channel.agent, channel.call = agent, call
        if call.answered_at is None:
            call.queue = message.get("Queue")
            if call.offered_at is None:
                call.offered_at = max(call.arrived_at, at - message.number("HoldTime"))
        self._book.meet(call, agent, plain_interface(message.get("Interface")), at)

    def _on_user_event(self, message: Message, at: float) -> None:
        kind = message.get("UserEvent")
        if kind == "HotlineArrived":
            self._on_hotline_arrived(message, at)
        elif kind == "HotlineTold":
            if call := self._channels.call_of(message):
                self._book.apply(call, Trigger.TOLD, at)
        elif kind in {"HotlineRefused", "HotlineQueueLeft"} and (
            call := self._channels.caller_in_queue(message, at)
        ):
            self._on_status(call, message.get("Status"), message.get("Queue"), at)

    def _on_hotline_arrived(self, message: Message, at: float) -> None:
        call = self._channels.call_of(message) or self._channels.arrive_told(message, at)
        if call and (line := digits(message.get("Line"))):
            self._book.set_line(call, line)

    def _on_queue_status(self, message: Message, at: float) -> None:
        if message.get("Variable") == "QUEUESTATUS" and (call := self._channels.call_of(message)):
            self._on_status(call, message.get("Value"), "", at)

    def _on_status(self, call: Call, status: str, queue: str, at: float) -> None:
        trigger = STATUS_TRIGGERS.get(status)
        if trigger is None:
            return
        if queue and call.queue is None:
            call.queue = queue
        self._book.apply(call, trigger, at, detail=status)
