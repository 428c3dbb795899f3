"""Who can hear whom: channels, the bridges they are in, and the Local pairs that join bridges."""

from telephony.calls.state import Bridge, Channel
from telephony.names import interface_of, is_internal, is_local, other_half


class Topology:
    """Live channels by Uniqueid."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}
        self._bridges: dict[str, Bridge] = {}
        self._halves: dict[str, Channel] = {}  # Local channels by name

    def add(self, uniqueid: str, name: str) -> Channel:
        """Return the channel called ``uniqueid``, making it when it is new."""
        channel = self.channels.get(uniqueid)
        if channel is None:
            local = is_local(name)
            channel = self.channels[uniqueid] = Channel(
                uniqueid, name, interface_of(name), local, is_internal(name)
            )
            if local:
                self._halves[name] = channel
        return channel

    def rename(self, uniqueid: str, name: str) -> None:
        """A masquerade gave the channel another name, and with it another phone."""
        if (channel := self.channels.get(uniqueid)) is None:
            return
        bridge = channel.bridge
        if bridge:
            self.leave(channel, bridge.uniqueid)
        self._halves.pop(channel.name, None)
        channel.name, channel.interface = name, interface_of(name)
        channel.is_local, channel.is_internal = is_local(name), is_internal(name)
        if channel.is_local:
            self._halves[name] = channel
        if bridge:
            self.enter(channel, bridge.uniqueid)

    def enter(self, channel: Channel, bridge_id: str) -> list[Channel]:
        """Put ``channel`` into a bridge; return whom that may concern (nobody: it was there)."""
        if channel.bridge and channel.bridge.uniqueid == bridge_id:
            return []
        left = self.leave(channel, channel.bridge.uniqueid) if channel.bridge else []
        bridge = self._bridges.get(bridge_id)
        if bridge is None:
            bridge = self._bridges[bridge_id] = Bridge(bridge_id)
        bridge.members[channel.uniqueid] = channel
        bridge.halves += channel.is_local
        channel.bridge = bridge
        near = self.reachable(channel)
        return near + [one for one in left if one not in near] if left else near

    def leave(self, channel: Channel, bridge_id: str) -> list[Channel]:
        """Take ``channel`` out of a bridge; return whom that may concern (nobody: it was not)."""
        bridge = channel.bridge
        if bridge is None or bridge.uniqueid != bridge_id:
            return []
        near = self.reachable(channel)
        channel.bridge = None
        bridge.halves -= channel.is_local
        del bridge.members[channel.uniqueid]
        if not bridge.members:
            del self._bridges[bridge_id]
        return near

    def remove(self, channel: Channel) -> list[Channel]:
        """Forget a channel that is gone; return the others whom that may concern."""
        near = []
        if channel.bridge or channel.is_local:
            near = self.reachable(channel)[1:]
            self._halves.pop(channel.name, None)
            if channel.bridge:
                self.leave(channel, channel.bridge.uniqueid)
        self.channels.pop(channel.uniqueid, None)
        return near

    def partner(self, channel: Channel) -> Channel | None:
        """The other half of a Local pair, while it lives."""
        return self._halves.get(other_half(channel.name)) if channel.is_local else None

    def reachable(self, channel: Channel) -> list[Channel]:
        """Every channel that hears ``channel``, itself first, through bridges and Local pairs."""
        bridge = channel.bridge
        if not channel.is_local and (bridge is None or not bridge.halves):
            others = bridge.members.values() if bridge else ()
            return [channel, *(one for one in others if one is not channel)]
        found = {channel.uniqueid: channel}
        queue = [channel]
        for current in queue:
            near = list(current.bridge.members.values()) if current.bridge else []
            if half := self.partner(current):
                near.append(half)
            for one in near:
                if one.uniqueid not in found:
                    found[one.uniqueid] = one
                    queue.append(one)
        return queue

    def is_party(self, channel: Channel) -> bool:
        """Whether somebody listens at this channel.

        One half of a Local pair stands for somebody only while its other half is in no bridge: it
        then runs an application; otherwise whoever is there is found in that bridge.
        """
        if not channel.is_local:
            return not channel.is_internal
        half = self.partner(channel)
        return half is not None and half.bridge is None and channel.bridge is not None
