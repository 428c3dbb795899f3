"""Scenes that many stories begin or end with; the seats 8001 and 8002 are at `A` and `B`."""

from tests.unit.telephony.story import Leg, Story

A, B = "PJSIP/1001", "PJSIP/1002"


def queued(story: Story, greeting_s: float = 3.0) -> Leg:
    caller = story.arrive()
    story.wait(greeting_s)
    story.join(caller)
    return caller


def ring(story: Story, caller: Leg, agent: str, interface: str, seconds: float = 2.0) -> Leg:
    leg = story.new_leg(interface, caller.linkedid)
    story.call_agent(caller, leg, agent, interface)
    story.wait(seconds)
    return leg


def answered(story: Story, bridge: str = "b1", ring_s: float = 2.0) -> tuple[Leg, Leg]:
    caller = queued(story)
    leg = ring(story, caller, "8001", A, ring_s)
    story.connect(caller, leg, "8001", A, held=ring_s)
    story.enter(bridge, leg, caller)
    return caller, leg


def agent_hangs_up(story: Story, caller: Leg, leg: Leg, bridge: str = "b1") -> None:
    story.hangup_request(leg)
    story.part(bridge, leg, caller)
    story.hangup(leg)
