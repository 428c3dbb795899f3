"""A switchboard by what it said: what it would list when asked, and what its records would hold."""

from dataclasses import dataclass, field, replace

from telephony.ami.message import Message
from telephony.cel import CelEvent
from telephony.clock import timestamp
from telephony.queue_log import QueueLogLine
from telephony.snapshot import Snapshot
from tests.unit.telephony.histories import INTERFACES

RINGING, UP = "5", "6"


@dataclass
class Line:
    """A channel that is up."""

    newchannel: Message
    state: str = UP
    bridge: str = ""
    application: str = ""


@dataclass
class SwitchboardModel:
    """Takes the messages of a story one after the other."""

    lines: dict[str, Line] = field(default_factory=dict)
    waiting: dict[str, float] = field(default_factory=dict)  # Uniqueid of the caller, since when
    hanging_up: set[str] = field(default_factory=set)
    cel: list[CelEvent] = field(default_factory=list)
    queue_log: list[QueueLogLine] = field(default_factory=list)
    at: float = 0.0

    def take(self, raw: bytes) -> None:
        """One message more has happened."""
        message = Message(raw)
        self.at = max(self.at, timestamp(raw) or 0.0)
        if handler := getattr(self, f"_{message.name.lower()}", None):
            handler(message)

    # channels

    def _newchannel(self, message: Message) -> None:
        uniqueid = message.get("Uniqueid")
        self.lines[uniqueid] = Line(message)
        self._record("CHAN_START", message)

    def _hanguprequest(self, message: Message) -> None:
        uniqueid = message.get("Uniqueid")
        self.hanging_up.add(uniqueid)

    def _hangup(self, message: Message) -> None:
        uniqueid = message.get("Uniqueid")
        self.lines.pop(uniqueid, None)
        self._record("CHAN_END", message)

    # bridges

    def _bridgeenter(self, message: Message) -> None:
        uniqueid = message.get("Uniqueid")
        bridge = message.get("BridgeUniqueid")
        if swapped := self.lines.get(message.get("SwapUniqueid")):
            swapped.bridge = ""
        self.lines[uniqueid].bridge = bridge
        self._record("BRIDGE_ENTER", message, bridge_id=bridge)

    def _bridgeleave(self, message: Message) -> None:
        uniqueid = message.get("Uniqueid")
        bridge = message.get("BridgeUniqueid")
        line = self.lines.get(uniqueid)
        if line and line.bridge == bridge:
            line.bridge = ""
        self._record("BRIDGE_EXIT", message, bridge_id=bridge)

    def _dialbegin(self, message: Message) -> None:
        line = self.lines[message.get("DestUniqueid")]
        line.state, line.application = RINGING, "AppDial"

    def _dialend(self, message: Message) -> None:
        uniqueid = message.get("Uniqueid")
        if line := self.lines.get(message.get("DestUniqueid")):
            line.state = UP
        if message.get("DialStatus") == "CANCEL" and uniqueid in self.waiting:
            self._log("RINGCANCELED", message)

    # queues

    def _queuecallerjoin(self, message: Message) -> None:
        uniqueid = message.get("Uniqueid")
        self.lines[uniqueid].application = "Queue"
        self.waiting[uniqueid] = self.at
        self._record("APP_START", message, app="Queue")
        self._log("ENTERQUEUE", message)

    def _agentringnoanswer(self, message: Message) -> None:
        self._log("RINGNOANSWER", message, "4000")

    def _agentconnect(self, message: Message) -> None:
        self._log("CONNECT", message, "0", message.get("DestUniqueid"), "0")

    def _queuecallerabandon(self, message: Message) -> None:
        uniqueid = message.get("Uniqueid")
        how = "ABANDON" if uniqueid in self.hanging_up else "EXITWITHTIMEOUT"
        self._log(how, message, "1", "1", "0")

    def _queuecallerleave(self, message: Message) -> None:
        uniqueid = message.get("Uniqueid")
        del self.waiting[uniqueid]
        if self.queue_log[-1].event in {"ABANDON", "EXITWITHTIMEOUT"}:
            self.lines[uniqueid].application = ""
            self._record("APP_END", message, app="Queue")

    def _userevent(self, message: Message) -> None:
        told = f"{message.get('Queue')} {message.get('Status')}"
        if message.get("UserEvent") == "HotlineRefused":
            self._record("APP_START", message, app="Queue")
            self._record("APP_END", message, app="Queue")
            self._record("HOTLINE_REFUSED", message, extra=told)
        elif message.get("UserEvent") == "HotlineQueueLeft":
            self._record("HOTLINE_QUEUE_LEFT", message, extra=told)
            self._tell_why(message.get("Uniqueid"))
        elif message.get("UserEvent") == "HotlineTold":
            self._record("HOTLINE_TOLD", message, extra="")

    def _tell_why(self, uniqueid: str) -> None:
        """AMI tells the reason later than queue_log has it."""
        for index, line in enumerate(self.queue_log):
            if line.uniqueid == uniqueid and line.event == "EXITWITHTIMEOUT":
                self.queue_log[index] = replace(line, event="EXITEMPTY")

    # what it tells

    def snapshot(self, meanwhile: tuple[bytes, ...] = ()) -> Snapshot:
        """What it lists now; ``meanwhile`` is said around it."""
        members = (self._member(agent, interface) for agent, interface in INTERFACES.items())
        entries = (
            Message(
                f"Event: QueueEntry\r\nQueue: 12345\r\nUniqueid: {uniqueid}\r\n"
                f"Wait: {self.at - since:.0f}".encode()
            )
            for uniqueid, since in self.waiting.items()
        )
        channels = tuple(self._listed(line) for line in self.lines.values())
        return Snapshot(self.at, channels, (*members, *entries), meanwhile)

    def _listed(self, line: Line) -> Message:
        said = dict(line.newchannel)
        said |= {
            "Event": "CoreShowChannel",
            "ChannelState": line.state,
            "BridgeId": line.bridge,
            "Application": line.application,
            "ApplicationData": "12345,cti" if line.application == "Queue" else "",
        }
        said.pop("Timestamp")
        return Message("\r\n".join(f"{name}: {value}" for name, value in said.items()).encode())

    def _member(self, agent: str, interface: str) -> Message:
        busy = any(line.newchannel.get("Channel").startswith(f"{interface}-")
                   for line in self.lines.values())  # fmt: skip
        return Message(
            f"Event: QueueMember\r\nQueue: 12345\r\nName: {agent}\r\nLocation: {interface}\r\n"
            f"StateInterface: {interface}\r\nStatus: {2 if busy else 1}\r\nPaused: 0\r\n"
            "PausedReason: \r\nWrapuptime: 0".encode()
        )

    def _record(self, name: str, message: Message, *, app: str = "", **extra: object) -> None:
        self.cel.append(
            CelEvent(
                name=name,
                at=timestamp(message.raw) or 0.0,
                number=message.get("CallerIDNum"),
                exten=message.get("Exten"),
                context=message.get("Context"),
                channel=message.get("Channel"),
                app=app,
                app_data="12345,cti" if app else "",
                uniqueid=message.get("Uniqueid"),
                linkedid=message.get("Linkedid"),
                extra=extra,
            )
        )

    def _log(self, event: str, message: Message, *data: str) -> None:
        at = float(int(timestamp(message.raw) or 0.0))
        agent = message.get("MemberName") or "NONE"
        uniqueid, queue = message.get("Uniqueid"), message.get("Queue") or "12345"
        self.queue_log.append(QueueLogLine(at, uniqueid, queue, agent, event, data))
