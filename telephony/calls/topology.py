"""Who can hear whom: channels, the bridges they are in, and the Local pairs that join bridges."""

from telephony.calls.state import Channel
from telephony.names import interface_of, is_internal, is_local, other_half


class Topology:
    """Live channels by Uniqueid."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}
        self._bridges: dict[str, set[str]] = {}
        self._local: dict[str, str] = {}  # name of a Local half -> Uniqueid

    def add(self, uniqueid: str, name: str) -> Channel:
        """Return the channel called ``uniqueid``, making it when it is new."""
        channel = self.channels.get(uniqueid)
        if channel is None:
            local = is_local(name)
            channel = self.channels[uniqueid] = Channel(
                uniqueid, name, interface_of(name), local, is_internal(name)
            )
            if local:
                self._local[name] = uniqueid
        return channel

    def rename(self, uniqueid: str, name: str) -> None:
        """A masquerade gave the channel another name, and with it another phone."""
        if (channel := self.channels.get(uniqueid)) is None:
            return
        self._local.pop(channel.name, None)
        channel.name, channel.interface = name, interface_of(name)
        channel.is_local, channel.is_internal = is_local(name), is_internal(name)
        if channel.is_local:
            self._local[name] = uniqueid

    def enter(self, channel: Channel, bridge: str) -> list[Channel]:
        """Put ``channel`` into ``bridge``; return whom that may concern (nobody: it was there)."""
        if channel.bridge == bridge:
            return []
        left = self.leave(channel, channel.bridge)
        channel.bridge = bridge
        self._bridges.setdefault(bridge, set()).add(channel.uniqueid)
        near = self.reachable(channel)
        return near + [one for one in left if one not in near] if left else near

    def leave(self, channel: Channel, bridge: str) -> list[Channel]:
        """Take ``channel`` out of ``bridge``; return whom that may concern (nobody: it was not)."""
        if not bridge or channel.bridge != bridge:
            return []
        near = self.reachable(channel)
        channel.bridge = ""
        members = self._bridges[bridge]
        members.discard(channel.uniqueid)
        if not members:
            del self._bridges[bridge]
        return near

    def remove(self, channel: Channel) -> list[Channel]:
        """Forget a channel that is gone; return the others whom that may concern."""
        near = []
        if channel.bridge or channel.is_local:
            near = self.reachable(channel)[1:]
            self.leave(channel, channel.bridge)
            self._local.pop(channel.name, None)
        self.channels.pop(channel.uniqueid, None)
        return near

    def partner(self, channel: Channel) -> Channel | None:
        """The other half of a Local pair, while it lives."""
        if not channel.is_local:
            return None
        uniqueid = self._local.get(other_half(channel.name))
        return self.channels.get(uniqueid) if uniqueid else None

    def reachable(self, channel: Channel) -> list[Channel]:
        """Every channel that hears ``channel``, itself first, through bridges and Local pairs."""
        found = [channel]
        seen = {channel.uniqueid}
        for current in found:
            for uniqueid in self._bridges.get(current.bridge, ()):
                if uniqueid not in seen:
                    seen.add(uniqueid)
                    found.append(self.channels[uniqueid])
            half = self.partner(current) if current.is_local else None
            if half and half.uniqueid not in seen:
                seen.add(half.uniqueid)
                found.append(half)
        return found

    def is_party(self, channel: Channel) -> bool:
        """Whether somebody listens at this channel.

        One half of a Local pair stands for somebody only while its other half is in no bridge: it
        then runs an application; otherwise whoever is there is found in that bridge.
        """
        if not channel.is_local:
            return not channel.is_internal
        half = self.partner(channel)
        return half is not None and not half.bridge and bool(channel.bridge)
