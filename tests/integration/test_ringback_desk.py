"""Ringing back (T8): the agent first, then the citizen; the switchboard is played."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.errors import CommandRefusedError
from gateway.ringback_tasks import RingbackTasks
from telephony.errors import ControlRefusedError
from telephony.events import CallEvent, CallEventName
from tests.support.live import until
from tests.support.missed_calls import NUMBER, at, call, save
from tests.support.owning import running
from tests.support.ringback_office import MakeOffice, Office, context_of

CHANNEL_START = """Event: Newchannel
Channel: PJSIP/trunk-00000001
ChannelState: 4
CallerIDNum: +86{number}
Context: from-trunk
Exten: 12345
Uniqueid: 1795420800.9
Linkedid: 1795420800.9"""


async def test_the_agent_first_then_the_citizen(offices: MakeOffice) -> None:
    office: Office = await offices()
    await office.ring_back()
    assert office.switch.names() == ["ExtensionState", "Originate", "Redirect"]
    originate, redirect = office.switch.of("Originate"), office.switch.of("Redirect")
    assert NUMBER not in str(originate.headers)
    assert (originate.headers["Context"], redirect.headers["Context"]) == ("ring-back", "seats")
    assert originate.headers["ChannelId"] == redirect.headers["Channel"]
    assert redirect.headers["Exten"] == NUMBER
    assert await office.attempts() == [("dialling", None)]
    office.switch.dialled("ANSWER")
    assert await office.ended() == "answered"
    task = await office.task()
    assert (task.state, task.agent, task.attempts) == ("reached", "8001", 1)


@pytest.mark.parametrize(
    ("status", "outcome", "attempts"),
    [("BUSY", "busy", 1), ("NOANSWER", "no_answer", 1), ("CANCEL", "cancelled", 1)],
)
async def test_citizen_not_reached(
    offices: MakeOffice, status: str, outcome: str, attempts: int
) -> None:
    office: Office = await offices()
    await office.ring_back()
    office.switch.dialled(status)
    assert await office.ended() == outcome
    task = await office.task()
    assert (task.state, task.attempts, task.agent) == ("open", attempts, None)
    with pytest.raises(CommandRefusedError, match="时间太短"):
        await office.ring_back()


async def test_agent_who_does_not_pick_up(offices: MakeOffice) -> None:
    office: Office = await offices()
    office.switch.answers = False
    with pytest.raises(ControlRefusedError):
        await office.ring_back()
    assert await office.ended() == "agent_absent"
    assert "Redirect" not in office.switch.names()
    office.switch.answers = True
    await office.ring_back()  # at once: nobody was rung


async def test_who_is_calling_in_is_not_rung(offices: MakeOffice) -> None:
    office: Office = await offices()
    text = CHANNEL_START.format(number=NUMBER).replace("\n", "\r\n")
    office.tracker.feed_all([text.encode()], at(30).timestamp())
    with pytest.raises(CommandRefusedError, match="正在来电"):
        await office.ring_back()
    assert await office.attempts() == []


@pytest.mark.parametrize("recorded", [True, False])
async def test_who_gets_through_while_the_agents_phone_rings(
    offices: MakeOffice, recorded: bool
) -> None:
    office: Office = await offices()
    through = call(2, 31, caller=f"0{NUMBER}", through=True)

    async def get_through() -> None:
        if recorded:
            return await save(office.pool, through)
        event = CallEvent(event_id="1", name=CallEventName.ANSWERED, at=at(30), call=through)
        return office.desk.heard(event)

    office.switch.on_ring = get_through
    with pytest.raises(CommandRefusedError, match="已取消回拨"):
        await office.ring_back()
    assert await office.ended() == "overtaken"
    assert "Redirect" not in office.switch.names()
    assert "Hangup" in office.switch.names()
    with pytest.raises(CommandRefusedError, match="已结束"):  # also while it is not recorded
        await office.ring_back()


async def test_a_supervisor_drops_it_while_the_citizens_phone_rings(offices: MakeOffice) -> None:
    office: Office = await offices()
    await office.ring_back()
    async with running(office.resolver.run()):
        await save(office.pool, call(2, 31, through=True))
        context = context_of("", office.pool)
        tasks = RingbackTasks(context, "sb1", office.resolver._ownership, lambda: at(32))
        await tasks._settle_all()
        await until(_names(office), lambda names: "Hangup" in names)
        office.switch.dialled("CANCEL")
        assert await office.ended() == "cancelled"
    assert (await office.task()).reason == "got_through"


def _names(office: Office) -> Callable[[], Any]:
    async def names() -> list[str]:
        return office.switch.names()

    return names
