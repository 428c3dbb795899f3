"""Messages of channels: who calls in, who is renamed, who hangs up.

``Uniqueid`` and ``Linkedid`` are the last headers of a channel, after number and extension, into
which a caller may have written headers of his own (see `telephony.ami.session`).
"""

from collections.abc import Callable, Collection

from telephony.ami.message import Message
from telephony.calls.book import CallBook
from telephony.calls.conversations import Conversations
from telephony.calls.state import Call, Channel
from telephony.calls.transitions import Trigger
from telephony.clock import uniqueid_epoch
from telephony.names import digits
from telephony.recent import Recent

Handler = Callable[[Message, float], None]

_CALLS_IN = b"\r\nChannelState: 4\r\n"  # AST_STATE_RING: it calls in; dialled channels begin at 0
_LOCAL = b"\r\nChannel: Local/"
_NOBODY = "<unknown>"


def caller_of(message: Message) -> str:
    """Digits of the caller."""
    number = message.get("CallerIDNum")
    return "" if number == _NOBODY else digits(number)


class ChannelMessages:
    """``inbound_contexts`` are the contexts in which callers arrive from trunks.

    ``None`` means that nobody knows them (a capture of somebody else's switchboard): then whoever
    calls in from anything but a seat, or enters a queue, is a caller.
    """

    def __init__(
        self,
        book: CallBook,
        conversations: Conversations,
        inbound_contexts: Collection[str] | None,
    ) -> None:
        self._book = book
        self._conversations = conversations
        self._topology = book.topology
        self._directory = book.directory
        self._contexts = None if inbound_contexts is None else frozenset(inbound_contexts)
        self.gone: Recent[str] = Recent(20_000)  # Uniqueids that were hung up
        self.handlers: dict[bytes, Handler] = {
            b"Newchannel": self._on_newchannel,
            b"Rename": self._on_rename,
            b"HangupRequest": self._on_hangup_request,
            b"SoftHangupRequest": self._on_hangup_request,
            b"Hangup": self._on_hangup,
        }

    def call_of(self, message: Message) -> Call | None:
        """The call of a message's channel; a Local leg of the dialplan is its first channel's."""
        calls = self._book.calls
        return calls.get(message.get_last("Uniqueid")) or calls.get(message.get_last("Linkedid"))

    def caller_in_queue(self, message: Message, at: float) -> Call | None:
        """The call of a message of app_queue; whoever is in a queue may be a caller."""
        call = self.call_of(message)
        if call is None and self._contexts is None:
            call = self.arrive_late(message, at)
        return call

    def arrive_late(self, message: Message, at: float) -> Call | None:
        """A caller whose beginning was not seen; ``None`` when he has hung up."""
        channel = self.adopt(message)
        if channel is None:
            return None
        made_at = uniqueid_epoch(channel.uniqueid, at)
        return self._arrive(message, channel.uniqueid, at if 0 <= at - made_at < 1 else made_at)

    def arrive_told(self, message: Message, at: float) -> Call | None:
        """A caller of whom the dialplan's first line tells; ``None`` when he has hung up."""
        channel = self.adopt(message)
        return self._arrive(message, channel.uniqueid, at) if channel else None

    def adopt(self, message: Message) -> Channel | None:
        """The channel of ``message``, also when its beginning was not seen; ``None`` once gone."""
        uniqueid = message.get_last("Uniqueid")
        channel = self._topology.channels.get(uniqueid)
        if channel is None and uniqueid and uniqueid not in self.gone:
            channel = self._topology.add(uniqueid, message.get("Channel"))
        return channel

    def _on_newchannel(self, message: Message, at: float) -> None:
        calls_in = _CALLS_IN in message.raw
        if not calls_in and _LOCAL not in message.raw:
            return  # a dialled telephone: it is made known when it rings or enters a bridge
        uniqueid, name = message.get_last("Uniqueid"), message.get("Channel")
        if not uniqueid or uniqueid in self.gone or uniqueid in self._topology.channels:
            return
        channel = self._topology.add(uniqueid, name)
        if calls_in and self._is_caller(message, channel):
            self._arrive(message, uniqueid, at)

    def _is_caller(self, message: Message, channel: Channel) -> bool:
        linkedid = message.get_last("Linkedid")
        if self._contexts is not None:
            return message.get("Context") in self._contexts and linkedid not in self._book.calls
        seat = self._directory.agent_at(channel.interface)
        return seat is None and not channel.is_local and linkedid == channel.uniqueid

    def _arrive(self, message: Message, uniqueid: str, at: float) -> Call:
        line = digits(message.get("Exten"))
        return self._book.arrive(uniqueid, line, caller_of(message), at)

    def line_of(self, listed: Message) -> str:
        """The number dialled, if the channel is still where it arrived; "" anywhere else.

        A list shows where it is now: a caller who was transferred has the colleague's number there.
        """
        arrived = self._contexts is None or listed.get("Context") in self._contexts
        return digits(listed.get("Exten")) if arrived else ""

    def _on_rename(self, message: Message, at: float) -> None:  # noqa: ARG002 handlers are alike
        self._topology.rename(message.get_last("Uniqueid"), message.get("Newname"))

    def _on_hangup_request(self, message: Message, at: float) -> None:  # noqa: ARG002 alike
        if call := self._book.calls.get(message.get_last("Uniqueid")):
            call.hanging_up = True

    def _on_hangup(self, message: Message, at: float) -> None:
        uniqueid = message.get_last("Uniqueid")
        self.gone.add(uniqueid)
        channel = self._topology.channels.get(uniqueid)
        near = self._topology.remove(channel) if channel else []
        if call := self._book.calls.get(uniqueid):
            self._book.end(call, Trigger.HUNG_UP, at)
        self._conversations.regroup(near, at)
        if channel and channel.call:
            self._conversations.lose_leg(channel.call, channel, at)
