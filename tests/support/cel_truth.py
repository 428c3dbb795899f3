"""What CEL says of each caller, read as plainly as possible.

It shares nothing with `telephony.cel` and `telephony.ledger`: it is the evidence by which those are
judged. Who hears whom is found anew after every line, by walking through bridges and Local pairs.

When Asterisk is killed CEL just stops: of what was up then there is no ``BRIDGE_EXIT``, ``HANGUP``
or ``CHAN_END``, then or later, and no line tells of the new start. ``core restart now`` hangs up
first, and CEL has every end. When it was killed we know best, who killed it.
"""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class CelCall:
    """One caller; times in epoch seconds. ``talks`` by agent, holding in them.

    ``cut``: Asterisk died under it, which is when it ended.
    """

    arrived_s: float
    line: str
    ended_s: float | None = None
    cut: bool = False
    refused: str = ""
    told: bool = False
    talks: dict[str, float] = field(default_factory=dict)


@dataclass
class Channel:
    """A channel that is up."""

    name: str
    bridge: str = ""


class CelReader:
    """Reads line after line; after ``deaths_s`` nothing that was up is up."""

    def __init__(self, agents: Mapping[str, str], deaths_s: Iterable[float]) -> None:
        self._agents = agents  # by the beginning of the channel's name, such as PJSIP/1001
        self._deaths_s = sorted(deaths_s)
        self._channels: dict[str, Channel] = {}
        self._with: dict[str, set[str]] = {}  # root -> channels of agents who have the caller
        self._last_s = 0.0
        self.calls: dict[str, CelCall] = {}

    def read(self, row: list[str]) -> None:
        event, user_event, at, exten, context = row[0], row[1], float(row[2]), row[7], row[8]
        name, uniqueid, linkedid = row[9], row[12], row[13]
        extra = json.loads(row[15]) if row[15] else {}
        self.die(before_s=at)
        self._pass(at)
        if event == "CHAN_START":
            self._channels[uniqueid] = Channel(name)
            if context == "from-trunk" and uniqueid == linkedid and exten:
                self.calls[uniqueid] = CelCall(at, line=exten)
        elif event == "BRIDGE_ENTER":
            # The name tells which phone it is now: a masquerade may have changed it.
            self._channels[uniqueid] = Channel(name, extra["bridge_id"])
        elif event == "BRIDGE_EXIT":
            self._leave(uniqueid, extra["bridge_id"])
        elif event == "CHAN_END":
            self._channels.pop(uniqueid, None)
            if uniqueid in self.calls:
                self.calls[uniqueid].ended_s = at
        elif user_event == "HOTLINE_ARRIVED":
            self.calls[uniqueid].line = extra["extra"]
        elif user_event == "HOTLINE_REFUSED":
            self.calls[uniqueid].refused = extra["extra"].split()[1]
        elif user_event == "HOTLINE_TOLD":
            self.calls[uniqueid].told = True
        self._look()

    def die(self, *, before_s: float) -> None:
        """Every death before then cuts whatever is up."""
        while self._deaths_s and self._deaths_s[0] < before_s:
            at = self._deaths_s.pop(0)
            self._pass(at)
            self._with = {}
            for uniqueid in self._channels.keys() & self.calls.keys():
                self.calls[uniqueid].ended_s, self.calls[uniqueid].cut = at, True
            self._channels = {}

    def _leave(self, uniqueid: str, bridge: str) -> None:
        channel = self._channels.get(uniqueid)
        if channel and channel.bridge == bridge:
            channel.bridge = ""

    def _pass(self, at: float) -> None:
        """Time has gone by for whoever was in a conversation."""
        for root, ones in self._with.items():
            talks = self.calls[root].talks
            there = [self._channels[one] for one in ones if self._channels[one].bridge]
            for agent in {self._agent(one.name) for one in there}:
                talks[agent] = talks.get(agent, 0.0) + at - self._last_s
        self._last_s = at

    def _look(self) -> None:
        """Who has which caller now."""
        now: dict[str, set[str]] = {}
        for root in self.calls:
            if root not in self._channels or not self._channels[root].bridge:
                continue
            heard = self._heard_by(root)
            people = {one for one in heard if not self._channels[one].name.startswith("Local/")}
            if people == {root}:  # whoever had him and is still up asks a colleague meanwhile
                people = {one for one in self._with.get(root, ()) if one in self._channels}
            now[root] = {one for one in people if self._agent(self._channels[one].name)}
        self._with = now

    def _heard_by(self, root: str) -> set[str]:
        found, todo = {root}, [root]
        while todo:
            here = self._channels[todo.pop()]
            for uniqueid, other in self._channels.items():
                together = here.bridge != "" and here.bridge == other.bridge
                pair = here.name.startswith("Local/") and here.name[:-1] == other.name[:-1]
                if (together or pair) and uniqueid not in found:
                    found.add(uniqueid)
                    todo.append(uniqueid)
        return found

    def _agent(self, name: str) -> str:
        return self._agents.get(name.rpartition("-")[0], "")


def read_cel(
    file: Path, agents: Mapping[str, str], deaths_s: Iterable[float] = ()
) -> dict[str, CelCall]:
    """Every caller by the Uniqueid of the first channel.

    ``agents`` by interface (PJSIP/1001); ``deaths_s``: when Asterisk was killed, epoch seconds.
    """
    reader = CelReader(agents, deaths_s)
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
        for row in csv.reader(lines, strict=True):
            reader.read(row)
    reader.die(before_s=float("inf"))
    return reader.calls
