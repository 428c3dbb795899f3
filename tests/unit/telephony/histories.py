"""Random lives of callers: what happens to each is drawn first, then told as Asterisk tells it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from hypothesis import strategies as st

from telephony.ami.message import Message
from telephony.clock import timestamp
from telephony.events import Outcome
from telephony.names import interface_of
from tests.unit.telephony.story import START, Leg, Story

INTERFACES = {"8001": "PJSIP/1001", "8002": "PJSIP/1002", "8003": "PJSIP/1003"}

spans = st.floats(0.01, 90).map(lambda seconds: round(seconds, 2))
agents = st.sampled_from(sorted(INTERFACES))


@dataclass(frozen=True)
class Life:
    """What is to happen to one caller."""

    fate: str
    starts_s: float
    greeting_s: float
    wait_s: float
    missed_by: tuple[str, ...]
    agent: str
    colleague: str
    talks_s: tuple[float, float]
    hold_s: float
    caller_ends: bool


lives = st.builds(
    Life,
    fate=st.sampled_from([
        "greeting", "told", "queue", "ringing", "timed_out", "emptied", "full", "unstaffed",
        "answered", "blind", "attended",
    ]),
    starts_s=spans, greeting_s=spans, wait_s=spans,
    missed_by=st.lists(agents, max_size=2).map(tuple),
    agent=agents, colleague=agents, talks_s=st.tuples(spans, spans), hold_s=spans,
    caller_ends=st.booleans(),
)  # fmt: skip


@dataclass(frozen=True)
class Truth:
    """What must come out."""

    outcome: Outcome
    wait_s: float | None = None
    talks: tuple[tuple[str, float], ...] = ()
    hold_s: float = 0.0


class Teller:
    """Tells one life."""

    def __init__(self, life: Life, serial: "count[int]") -> None:
        self.life = life
        self.story = Story(now=START + life.starts_s, serial=serial)
        self.caller = self.story.arrive()
        self.bridges = count()

    def tell(self) -> Truth:
        life, story = self.life, self.story
        story.wait(life.greeting_s)
        if life.fate in _BEFORE_THE_QUEUE:
            truth = _BEFORE_THE_QUEUE[life.fate](self)
        else:
            story.join(self.caller)
            started = story.now
            for agent in life.missed_by:
                leg = self._ring(agent)
                story.wait(4)
                story.ring_no_answer(self.caller, leg, agent, INTERFACES[agent])
                story.wait(1)
            truth = _IN_THE_QUEUE.get(life.fate, Teller._answered)(self, started)
        story.wait(3)
        story.hangup(self.caller)
        return truth

    def _ring(self, agent: str) -> Leg:
        leg = self.story.new_leg(INTERFACES[agent], self.caller.linkedid)
        self.story.call_agent(self.caller, leg, agent, INTERFACES[agent])
        return leg

    def _greeting(self) -> Truth:
        self.story.hangup_request(self.caller)
        return Truth(Outcome.ABANDONED_GREETING)

    def _told(self) -> Truth:
        self.story.hangup_request(self.caller)
        self.story.self_served(self.caller)
        return Truth(Outcome.SELF_SERVED)

    def _full(self) -> Truth:
        self.story.status("HotlineRefused", self.caller, "FULL")
        return Truth(Outcome.REFUSED_FULL, 0.0)

    def _unstaffed(self) -> Truth:
        self.story.status("HotlineRefused", self.caller, "JOINEMPTY")
        return Truth(Outcome.REFUSED_NO_STAFF, 0.0)

    def _queue(self, started: float) -> Truth:
        self.story.wait(self.life.wait_s)
        self.story.hangup_request(self.caller)
        self.story.queue_abandon(self.caller)
        waited = self.story.now - started
        self.story.leave(self.caller)
        return Truth(Outcome.ABANDONED_QUEUE, waited)

    def _ringing(self, started: float) -> Truth:
        leg = self._ring(self.life.agent)
        self.story.wait(self.life.wait_s)
        self.story.hangup_request(self.caller)
        self.story.dial_end(self.caller, leg, "CANCEL")
        self.story.hangup(leg)
        self.story.queue_abandon(self.caller)
        waited = self.story.now - started
        self.story.leave(self.caller)
        return Truth(Outcome.ABANDONED_RINGING, waited)

    def _timed_out(self, started: float) -> Truth:
        self.story.wait(self.life.wait_s)
        self.story.queue_abandon(self.caller)
        self.story.leave(self.caller)
        return Truth(Outcome.TIMED_OUT, self.story.now - started)

    def _emptied(self, started: float) -> Truth:
        truth = self._timed_out(started)
        self.story.status("HotlineQueueLeft", self.caller, "LEAVEEMPTY")
        return Truth(Outcome.LEFT_NO_STAFF, truth.wait_s)

    def _answered(self, started: float) -> Truth:
        life, story, agent = self.life, self.story, self.life.agent
        leg = self._ring(agent)
        story.wait(life.wait_s)
        story.connect(self.caller, leg, agent, INTERFACES[agent])
        waited = story.now - started
        bridge = f"{self.caller.uniqueid}-{next(self.bridges)}"
        story.enter(bridge, leg, self.caller)
        story.wait(life.talks_s[0])
        if life.fate == "answered" or life.colleague == agent:
            return self._part(bridge, leg, waited)
        passed = self._blind if life.fate == "blind" else self._attended
        return passed(bridge, leg, waited)

    def _part(self, bridge: str, leg: Leg, waited: float) -> Truth:
        life, story = self.life, self.story
        story.hold(leg, on=True)
        story.wait(life.hold_s)
        story.hold(leg, on=False)
        story.hangup_request(self.caller if life.caller_ends else leg)
        story.part(bridge, leg, self.caller)
        story.hangup(leg)
        return Truth(Outcome.ANSWERED, waited, ((life.agent, life.talks_s[0]),), life.hold_s)

    def _blind(self, bridge: str, leg: Leg, waited: float) -> Truth:
        life, story, caller = self.life, self.story, self.caller
        story.say("BlindTransfer", ("Result", "Success"), *leg.headers("Transferer"),
                  *caller.headers("Transferee"))  # fmt: skip
        story.part(bridge, leg, caller)
        story.hangup(leg)
        other = story.new_leg(INTERFACES[life.colleague], caller.linkedid)
        story.say("DialBegin", *caller.headers(), *other.headers("Dest"))
        story.wait(2)
        story.dial_end(caller, other, "ANSWER")
        return self._second_talk(f"{bridge}-2", other, waited, 0.0)

    def _attended(self, bridge: str, leg: Leg, waited: float) -> Truth:
        life, story, caller = self.life, self.story, self.caller
        story.hold(leg, on=True)
        consult = story.new_leg(INTERFACES[life.agent], f"{caller.uniqueid}-consult")
        other = story.new_leg(INTERFACES[life.colleague], consult.linkedid)
        story.enter(f"{bridge}-2", other, consult)
        story.wait(life.hold_s)
        story.part(f"{bridge}-2", other)
        story.enter(bridge, other, swap=leg)
        story.part(bridge, leg)
        story.say("AttendedTransfer", ("Result", "Success"), *leg.headers("OrigTransferer"),
                  *caller.headers("Transferee"))  # fmt: skip
        story.part(f"{bridge}-2", consult)
        story.hangup(consult)
        story.hangup(leg)
        return self._second_talk(bridge, other, waited, life.hold_s)

    def _second_talk(self, bridge: str, other: Leg, waited: float, held_s: float) -> Truth:
        life, story = self.life, self.story
        story.enter(bridge, other, self.caller)
        story.wait(life.talks_s[1])
        story.part(bridge, self.caller, other)
        story.hangup(other)
        talks = ((life.agent, life.talks_s[0]), (life.colleague, life.talks_s[1]))
        return Truth(Outcome.ANSWERED, waited, talks, held_s)


_DEVICE = {"Newchannel": "6", "BridgeEnter": "2"}
_BEFORE_THE_QUEUE: dict[str, Callable[[Teller], Truth]] = {
    "greeting": Teller._greeting,
    "told": Teller._told,
    "full": Teller._full,
    "unstaffed": Teller._unstaffed,
}
_IN_THE_QUEUE: dict[str, Callable[[Teller, float], Truth]] = {
    "queue": Teller._queue,
    "ringing": Teller._ringing,
    "timed_out": Teller._timed_out,
    "emptied": Teller._emptied,
}


def tell_all(drawn: list[Life]) -> tuple[list[bytes], dict[str, Truth]]:
    """All lives at once: messages in the order of their times, and the truth by Uniqueid."""
    serial = count()
    introduction = Story(now=START - 1, serial=serial)
    for agent, interface in INTERFACES.items():
        introduction.member("QueueMemberAdded", agent, interface)
    told = list(introduction.messages)
    truths = {}
    for life in drawn:
        teller = Teller(life, serial)
        truths[teller.caller.uniqueid] = teller.tell()
        told += teller.story.messages
    return list(_with_devices(sorted(told, key=lambda raw: timestamp(raw) or 0.0))), truths


def _with_devices(messages: list[bytes]) -> Iterator[bytes]:
    """After each change of a seat's channels, what app_queue says of its device."""
    legs: dict[str, dict[str, str]] = {agent: {} for agent in INTERFACES}
    said = dict.fromkeys(INTERFACES, "1")
    for raw in messages:
        yield raw
        message = Message(raw)
        interface = interface_of(message.get("Channel"))
        agent = next((agent for agent, seat in INTERFACES.items() if seat == interface), None)
        if agent is None:
            continue
        if message.name in _DEVICE:
            legs[agent][message.get("Uniqueid")] = _DEVICE[message.name]
        elif message.name == "Hangup":
            legs[agent].pop(message.get("Uniqueid"), None)
        status = max(legs[agent].values(), key="162".index, default="1")
        if status != said[agent]:
            said[agent] = status
            device = Story(now=(timestamp(raw) or 0.0) + 0.00005)
            device.member("QueueMemberStatus", agent, interface, Status=status)
            yield device.messages[0]
