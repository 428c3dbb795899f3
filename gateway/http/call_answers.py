"""Calls as the API tells them."""

from datetime import datetime

from gateway.http.endpoint import Answer
from gateway.live_state import Fields
from gateway.masking import mask_data
from telephony.events import LineMode


class AgentPart(Answer):
    """One agent's share of a call."""

    agent: str
    interface: str
    answered_at: datetime
    released_at: datetime | None
    talk_s: float
    hold_s: float


class Call(Answer):
    """A call; ``caller`` is masked. ``line_mode`` and ``district`` are as when it arrived."""

    call_id: str
    switchboard: str
    line: str
    line_mode: LineMode | None
    district: str
    caller: str
    queue: str | None
    agent: str | None
    outcome: str | None
    arrived_at: datetime
    offered_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    wait_s: float | None
    talk_s: float
    hold_s: float
    agents: list[AgentPart]


def masked_call(call: Fields) -> Call:
    """A call as people may see it."""
    return Call.model_validate(mask_data(call))
