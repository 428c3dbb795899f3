"""AMI messages of channels, queues and bridges to what they mean for calls.

Each handler reads the headers of one event (Asterisk 18 to 22) and tells the book; what may happen
in which phase is the business of ``calls/transitions.py``.
"""

from collections.abc import Callable, Collection

from telephony.ami.message import Message
from telephony.calls.book import CallBook
from telephony.calls.state import Call, Channel
from telephony.calls.transitions import Trigger
from telephony.clock import uniqueid_epoch
from telephony.names import digits, interface_of, plain_interface
from telephony.recent import Recent

Handler = Callable[[Message, float], None]

_CALLS_IN = b"\r\nChannelState: 4\r\n"  # AST_STATE_RING: it calls in; dialled channels begin at 0
_LOCAL = b"\r\nChannel: Local/"
_SWAP = b"\r\nSwapUniqueid: "
_NOBODY = "<unknown>"
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


class CallTracker:
    """Handlers by event name.

    ``inbound_contexts`` are the contexts in which callers arrive from trunks. ``None`` means that
    nobody knows them (a capture of somebody else's switchboard): then whoever calls in from
    anything but a seat, or enters a queue, is a caller. ``hangup_requests`` says whether the
    stream carries ``HangupRequest``: without it a queue time-out looks like an abandonment,
    because app_queue sends ``QueueCallerAbandon`` for both (record_abandoned in app_queue.c).
    """

    def __init__(
        self,
        book: CallBook,
        *,
        inbound_contexts: Collection[str] | None,
        hangup_requests: bool = True,
    ) -> None:
        self._book = book
        self._topology = book.topology
        self._directory = book.directory
        self._contexts = None if inbound_contexts is None else frozenset(inbound_contexts)
        self._hangup_requests = hangup_requests
        self.gone: Recent[str] = Recent(20_000)  # Uniqueids that were hung up
        self.handlers: dict[bytes, Handler] = {
            b"Newchannel": self._on_newchannel,
            b"Rename": self._on_rename,
            b"HangupRequest": self._on_hangup_request,
            b"SoftHangupRequest": self._on_hangup_request,
            b"Hangup": self._on_hangup,
            b"BridgeEnter": self._on_bridge_enter,
            b"BridgeLeave": self._on_bridge_leave,
            b"Hold": self._on_hold,
            b"Unhold": self._on_hold,
            b"DialBegin": self._on_dial_begin,
            b"DialEnd": self._on_dial_end,
            b"BlindTransfer": self._on_blind_transfer,
            b"AttendedTransfer": self._on_attended_transfer,
            b"QueueCallerJoin": self._on_join,
            b"QueueCallerLeave": self._on_leave_queue,
            b"QueueCallerAbandon": self._on_abandon,
            b"AgentCalled": self._on_agent_called,
            b"AgentConnect": self._on_agent_connect,
            b"AgentRingNoAnswer": self._on_ring_no_answer,
            b"UserEvent": self._on_user_event,
            b"VarSet": self._on_queue_status,
        }

    # Channels

    def _on_newchannel(self, message: Message, at: float) -> None:
        calls_in = _CALLS_IN in message.raw
        if not calls_in and _LOCAL not in message.raw:
            return  # a dialled telephone: it is made known when it rings or enters a bridge
        uniqueid, name = message.get("Uniqueid"), message.get("Channel")
        if uniqueid in self.gone or uniqueid in self._topology.channels:
            return
        channel = self._topology.add(uniqueid, name)
        if calls_in and self._is_caller(message, channel):
            self._arrive(message, uniqueid, at)

    def _is_caller(self, message: Message, channel: Channel) -> bool:
        linkedid = message.get("Linkedid")
        if self._contexts is not None:
            return message.get("Context") in self._contexts and linkedid not in self._book.calls
        seat = self._directory.agent_at(channel.interface)
        return seat is None and not channel.is_local and linkedid == channel.uniqueid

    def _arrive(self, message: Message, uniqueid: str, at: float) -> Call:
        number = message.get("CallerIDNum")
        caller = "" if number == _NOBODY else digits(number)
        return self._book.arrive(uniqueid, digits(message.get("Exten")), caller, at)

    def _arrive_late(self, message: Message, at: float) -> Call | None:
        """A caller whose beginning was not seen; ``None`` when he has hung up."""
        channel = self._adopt(message)
        if channel is None:
            return None
        return self._arrive(message, channel.uniqueid, uniqueid_epoch(channel.uniqueid, at))

    def _adopt(self, message: Message) -> Channel | None:
        """The channel of ``message``, also when its beginning was not seen; ``None`` once gone."""
        uniqueid = message.get("Uniqueid")
        channel = self._topology.channels.get(uniqueid)
        if channel is None and uniqueid and uniqueid not in self.gone:
            channel = self._topology.add(uniqueid, message.get("Channel"))
        return channel

    def _on_rename(self, message: Message, at: float) -> None:  # noqa: ARG002 handlers are alike
        self._topology.rename(message.get("Uniqueid"), message.get("Newname"))

    def _on_hangup_request(self, message: Message, at: float) -> None:  # noqa: ARG002 alike
        if call := self._book.calls.get(message.get("Uniqueid")):
            call.hanging_up = True

    def _on_hangup(self, message: Message, at: float) -> None:
        uniqueid = message.get("Uniqueid")
        self.gone.add(uniqueid)
        channel = self._topology.channels.get(uniqueid)
        if channel is None:
            return
        near = self._topology.remove(channel)
        if call := self._book.calls.get(uniqueid):
            self._book.end(call, Trigger.HUNG_UP, at)
        self._book.regroup(near, at)
        if channel.call:
            self._book.lose_leg(channel.call, channel, at)

    # Bridges

    def _on_bridge_enter(self, message: Message, at: float) -> None:
        channel = self._adopt(message)
        if channel is None:
            return
        bridge = message.get("BridgeUniqueid")
        near = self._topology.enter(channel, bridge)
        if _SWAP in message.raw:
            swapped = self._topology.channels.get(message.get("SwapUniqueid"))
            near += self._topology.leave(swapped, bridge) if swapped else []
        self._book.regroup(near, at)

    def _on_bridge_leave(self, message: Message, at: float) -> None:
        if channel := self._topology.channels.get(message.get("Uniqueid")):
            self._book.regroup(self._topology.leave(channel, message.get("BridgeUniqueid")), at)

    def _on_hold(self, message: Message, at: float) -> None:
        channel = self._topology.channels.get(message.get("Uniqueid"))
        if channel and channel.call and channel.agent:
            on_hold = message.raw.startswith(b"Event: Hold")
            self._book.hold(channel.call, channel.agent, on_hold, at)

    def _on_blind_transfer(self, message: Message, at: float) -> None:
        self._on_transfer(message, at, "blind", ("Transferee", "Transferer"), "Transferer")

    def _on_attended_transfer(self, message: Message, at: float) -> None:
        sides = ("Transferee", "TransferTarget", "OrigTransferer", "SecondTransferer")
        self._on_transfer(message, at, "attended", sides, "OrigTransferer")

    def _on_transfer(
        self, message: Message, at: float, kind: str, sides: tuple[str, ...], by: str
    ) -> None:
        if message.get("Result") != "Success":
            return
        calls = (self._call_near(message.get(f"{side}Uniqueid")) for side in sides)
        call = next((call for call in calls if call), None)
        transferer = self._topology.channels.get(message.get(f"{by}Uniqueid"))
        agent = transferer.agent if transferer else ""
        if not agent:
            interface = interface_of(message.get(f"{by}Channel"))
            agent = self._directory.agent_at(interface) or ""
        if call:
            self._book.apply(call, Trigger.TRANSFERRED, at, agent, kind)

    def _call_near(self, uniqueid: str) -> Call | None:
        if call := self._book.calls.get(uniqueid):
            return call
        channel = self._topology.channels.get(uniqueid)
        return channel.call if channel else None

    # Dialling of seats

    def _on_dial_begin(self, message: Message, at: float) -> None:
        leg, name = message.get("DestUniqueid"), message.get("DestChannel")
        if leg in self.gone:
            return
        channel = self._topology.add(leg, name)
        if not channel.agent:
            dialler = self._topology.channels.get(message.get("Uniqueid"))
            half = self._topology.partner(dialler) if dialler else None
            channel.agent = (half.agent if half else "") or (
                self._directory.agent_at(channel.interface) or ""
            )
        if channel.agent and (call := self._call_of(message)):
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
        call, agent = self._queue_call(message, at), self._agent(message)
        leg = message.get("DestUniqueid")
        if call is None or leg in call.rings or leg in self.gone:
            return
        channel = self._topology.add(leg, message.get("DestChannel"))
        channel.agent, channel.call = agent, call
        self._book.ring(call, leg, agent, plain_interface(message.get("Interface")), at)

    def _on_ring_no_answer(self, message: Message, at: float) -> None:
        if call := self._call_of(message):
            self._book.miss(call, self._agent(message), at)

    def _agent(self, message: Message) -> str:
        return self._directory.learn(message.get("MemberName"), message.get("Interface"))

    # Queues

    def _call_of(self, message: Message) -> Call | None:
        """The call of a message's channel; a Local leg of the dialplan is its first channel's."""
        calls = self._book.calls
        return calls.get(message.get("Uniqueid")) or calls.get(message.get("Linkedid"))

    def _queue_call(self, message: Message, at: float) -> Call | None:
        call = self._call_of(message)
        if call is None and self._contexts is None:
            call = self._arrive_late(message, at)
        return call

    def _on_join(self, message: Message, at: float) -> None:
        if (call := self._queue_call(message, at)) is None:
            return
        queue = message.get("Queue")
        if call.answered_at is None:
            call.queue = queue
        call.position = int(message.number("Position"))
        call.hanging_up = False
        if self._book.apply(call, Trigger.JOINED, at, detail=queue):
            call.left_at = None

    def _on_leave_queue(self, message: Message, at: float) -> None:
        if call := self._call_of(message):
            self._book.apply(call, Trigger.LEFT_QUEUE, at)

    def _on_abandon(self, message: Message, at: float) -> None:
        if (call := self._call_of(message)) is None:
            return
        hung_up = call.hanging_up or not self._hangup_requests
        self._book.apply(call, Trigger.DROPPED if hung_up else Trigger.WITHDRAWN, at)

    def _on_agent_connect(self, message: Message, at: float) -> None:
        leg = message.get("DestUniqueid")
        call, agent = self._queue_call(message, at), self._agent(message)
        if call is None or leg in self.gone:
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
        elif kind in {"HotlineRefused", "HotlineQueueLeft"} and (
            call := self._queue_call(message, at)
        ):
            self._on_status(call, message.get("Status"), message.get("Queue"), at)

    def _on_hotline_arrived(self, message: Message, at: float) -> None:
        call = self._call_of(message) or self._arrive_late(message, at)
        if call and (line := digits(message.get("Line"))):
            call.line = line

    def _on_queue_status(self, message: Message, at: float) -> None:
        if message.get("Variable") == "QUEUESTATUS" and (call := self._call_of(message)):
            self._on_status(call, message.get("Value"), "", at)

    def _on_status(self, call: Call, status: str, queue: str, at: float) -> None:
        trigger = STATUS_TRIGGERS.get(status)
        if trigger is None:
            return
        if queue and call.queue is None:
            call.queue = queue
        self._book.apply(call, trigger, at, detail=status)
