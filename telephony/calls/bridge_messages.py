"""Messages of bridges: who comes together, is put on hold, is transferred."""

from telephony.ami.message import Message
from telephony.calls.book import CallBook
from telephony.calls.channel_messages import ChannelMessages, Handler
from telephony.calls.conversations import Conversations
from telephony.calls.state import Call
from telephony.calls.transitions import Trigger
from telephony.names import interface_of

_SWAP = b"\r\nSwapUniqueid: "


class BridgeMessages:
    """Handlers by event name."""

    def __init__(
        self, book: CallBook, conversations: Conversations, channels: ChannelMessages
    ) -> None:
        self._book = book
        self._conversations = conversations
        self._channels = channels
        self._topology = book.topology
        self.handlers: dict[bytes, Handler] = {
            b"BridgeEnter": self._on_bridge_enter,
            b"BridgeLeave": self._on_bridge_leave,
            b"Hold": self._on_hold,
            b"Unhold": self._on_hold,
            b"BlindTransfer": self._on_blind_transfer,
            b"AttendedTransfer": self._on_attended_transfer,
        }

    def _on_bridge_enter(self, message: Message, at: float) -> None:
        channel = self._channels.adopt(message)
        if channel is None:
            return
        bridge = message.get("BridgeUniqueid")
        near = self._topology.enter(channel, bridge)
        if _SWAP in message.raw:
            swapped = self._topology.channels.get(message.get("SwapUniqueid"))
            near += self._topology.leave(swapped, bridge) if swapped else []
        self._conversations.regroup(near, at)

    def _on_bridge_leave(self, message: Message, at: float) -> None:
        if channel := self._topology.channels.get(message.get_last("Uniqueid")):
            self._conversations.regroup(
                self._topology.leave(channel, message.get("BridgeUniqueid")), at
            )

    def _on_hold(self, message: Message, at: float) -> None:
        channel = self._topology.channels.get(message.get_last("Uniqueid"))
        if channel and channel.call and channel.agent:
            on_hold = message.raw.startswith(b"Event: Hold")
            self._conversations.hold(channel.call, channel.agent, on_hold, at)

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
            agent = self._book.directory.agent_at(interface) or ""
        if call is None:
            return
        # Nobody is passed on then, app_queue does not count it as a transfer either
        # (handle_attended_transfer in app_queue.c).
        if message.get("DestType") == "Threeway":
            self._conversations.confer(call, agent, at)
        else:
            self._book.apply(call, Trigger.TRANSFERRED, at, agent, kind)

    def _call_near(self, uniqueid: str) -> Call | None:
        if call := self._book.calls.get(uniqueid):
            return call
        channel = self._topology.channels.get(uniqueid)
        return channel.call if channel else None
