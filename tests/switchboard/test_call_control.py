"""Call control through our own API against a real Asterisk (REQUIREMENTS T4).

Every test that has a call ends with the proof that the gateway's account of it, each agent's talk
time included, is that of the switchboard's own records.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.live import until
from tests.support.office import OUTSIDE, Desk, Office, opened_office
from tests.support.postgres import copied_database
from tests.support.system import running_system

pytestmark = [pytest.mark.switchboard, pytest.mark.asyncio(loop_scope="module")]

DONE = (202, "")
CONSULTING = (409, "正在咨询，请先完成或取消咨询")
NO_CONVERSATION = "该坐席当前没有通话"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(
    switchboard_here: None,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: str,
    template_database: str,
    redis_server: str,
) -> AsyncIterator[Office]:
    """One office for all tests here."""
    directory = tmp_path_factory.mktemp("office")
    async for dsn in copied_database(postgres_server, template_database):
        async with (
            running_system(directory, dsn, redis_server) as system,
            opened_office(system) as office,
        ):
            yield office


async def test_agent_hangs_up(office: Office) -> None:
    async with office.call() as (desk, call_id):
        assert await desk.command(f"calls/{call_id}/hangup") == DONE
        assert await desk.command(f"calls/{call_id}/hangup") == (409, "该坐席不在这个通话中")
    call = await office.record(call_id)
    assert [part.agent for part in call.agents] == ["8001"]
    assert call.agents[0].talk_s < 3


async def test_blind_transfer_to_a_colleague(office: Office) -> None:
    async with office.desk("agent8002") as colleague, office.call() as (desk, call_id):
        assert await desk.command(f"calls/{call_id}/transfer", {"agent": "8002"}) == DONE
        await desk.page.until("call.transferred")
        await colleague.page.until("call.answered", lambda frame: frame["data"]["agents"][1:])
        assert await colleague.command(f"calls/{call_id}/hangup") == DONE
    call = await office.record(call_id)
    assert [part.agent for part in call.agents] == ["8001", "8002"]


async def test_blind_transfer_to_a_queue(office: Office) -> None:
    async with office.desk("agent8002") as colleague, office.call() as (desk, call_id):
        await colleague.api.put("/api/v1/seat", {"state": "ready"})
        await desk.api.put("/api/v1/seat", {"state": "not_ready", "reason": "会议"})
        assert await desk.command(f"calls/{call_id}/transfer", {"queue": "expert"}) == DONE
        joined = await colleague.page.until("call.answered")
        assert joined["data"]["call_id"] == call_id
        await colleague.api.put("/api/v1/seat", {"state": "not_ready", "reason": "会议"})
    assert [part.agent for part in (await office.record(call_id)).agents] == ["8001", "8002"]


async def test_blind_transfer_outside(office: Office) -> None:
    async with office.call() as (desk, call_id):
        assert await desk.command(f"calls/{call_id}/transfer", {"number": OUTSIDE}) == DONE
    assert [part.agent for part in (await office.record(call_id)).agents] == ["8001"]


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        ({"number": "1004"}, "坐席话机未注册"),
        ({"number": "1009"}, "没有这个分机，作为外线号码又太短"),
        ({"number": "1001"}, "不能呼叫自己的分机"),
        ({"queue": "unheard-of"}, "没有这个队列"),
    ],
)
async def test_transfer_that_cannot_be(office: Office, to: dict[str, str], sentence: str) -> None:
    async with office.call(stay_ms=4000) as (desk, call_id):
        assert await desk.command(f"calls/{call_id}/transfer", to) == (409, sentence)
    assert (await office.record(call_id)).agents[0].talk_s > 1


async def consulting(desk: Desk, call_id: str, party: dict[str, str]) -> None:
    """The caller waits, and who was called has answered."""
    assert await desk.command(f"calls/{call_id}/consult", party) == DONE
    await desk.page.until("call.held")


async def once_answered(desk: Desk, path: str) -> None:
    """A command that is refused until who is consulted has answered."""
    silent = (409, "被咨询方尚未接听")
    assert await until(lambda: desk.command(path), lambda said: said != silent) == DONE


async def test_attended_transfer(office: Office) -> None:
    async with office.desk("agent8002") as colleague, office.call() as (desk, call_id):
        await consulting(desk, call_id, {"agent": "8002"})
        assert await desk.command(f"calls/{call_id}/hangup") == CONSULTING
        assert await desk.command(f"calls/{call_id}/transfer", {"queue": "expert"}) == CONSULTING
        await once_answered(desk, f"calls/{call_id}/consult/complete")
        transferred = await desk.page.until("call.transferred")
        assert transferred["data"]["detail"] == "attended"
        await colleague.page.until("call.answered", lambda frame: frame["data"]["agents"][1:])
    call = await office.record(call_id)
    assert [part.agent for part in call.agents] == ["8001", "8002"]
    assert call.agents[0].hold_s > 0


async def test_cancelled_consultation(office: Office) -> None:
    async with office.call() as (desk, call_id):
        await consulting(desk, call_id, {"number": OUTSIDE})
        assert await desk.command(f"calls/{call_id}/consult/cancel") == DONE
        await desk.page.until("call.resumed")
        nobody = (409, "没有正在进行的咨询")
        for again in ("consult/cancel", "consult/complete", "conference"):
            assert await desk.command(f"calls/{call_id}/{again}") == nobody
        assert (await desk.api.get("/api/v1/seat"))["state"] == "talking"
    assert [part.agent for part in (await office.record(call_id)).agents] == ["8001"]


async def test_three_parties(office: Office) -> None:
    async with office.call(stay_ms=12_000) as (desk, call_id):
        await consulting(desk, call_id, {"number": OUTSIDE})
        await once_answered(desk, f"calls/{call_id}/conference")
        await desk.page.until("call.conferenced")
        assert (await desk.api.get("/api/v1/seat"))["state"] == "talking"
        third = (409, "三方通话中不能转接或咨询")
        assert await desk.command(f"calls/{call_id}/consult", {"number": OUTSIDE}) == third
        assert await desk.command(f"calls/{call_id}/hangup") == DONE
    assert "call.transferred" not in desk.page.names()
    assert [part.agent for part in (await office.record(call_id)).agents] == ["8001"]


@pytest.mark.parametrize("way", ["listen", "whisper", "barge"])
async def test_supervisor_joins(office: Office, way: str) -> None:
    async with (
        office.desk("chief") as supervisor,
        office.ami() as ami,
        office.call() as (_desk, call_id),
    ):
        since = ami.mark()
        assert await supervisor.command(f"seats/8001/{way}") == DONE
        await ami.until(rb"Event: ChanSpyStart\r\n.*SpyeeChannel: PJSIP/1001-", since=since)
        await ami.action("CoreShowChannels")
        joined = rb"Event: CoreShowChannel\r\n.*Channel: PJSIP/1003-.*Application: ChanSpy"
        await ami.until(joined, since=since)
        assert await supervisor.command(f"seats/8001/{way}") == (409, "您的话机正忙")
    acts = await office.acts(f"seat.{way}")
    assert [(act["actor"], act["subject"], act["detail"]["outcome"]) for act in acts] == [
        ("chief", "8001", "asked"),
        ("chief", "8001", "done"),
        ("chief", "8001", "asked"),
        ("chief", "8001", "您的话机正忙"),
    ]
    assert {act["detail"]["call_id"] for act in acts} == {call_id}
    assert [part.agent for part in (await office.record(call_id)).agents] == ["8001"]


async def test_supervisor_takes_over(office: Office) -> None:
    async with office.desk("chief") as supervisor, office.call() as (desk, call_id):
        assert await supervisor.command("seats/8001/take-over") == DONE
        await desk.page.until("seat.changed", lambda frame: frame["data"]["state"] == "ready")
        assert await supervisor.command("seats/8001/take-over") == (409, NO_CONVERSATION)
    assert [part.agent for part in (await office.record(call_id)).agents] == ["8001"]


async def test_supervisor_cuts_a_conversation(office: Office) -> None:
    async with office.desk("chief") as supervisor, office.call() as (_desk, call_id):
        assert await supervisor.command("seats/8001/hangup") == DONE
        assert await supervisor.command("seats/8001/hangup") == (409, NO_CONVERSATION)
    assert (await office.record(call_id)).outcome == "answered"


async def test_supervisor_forces_seat_states(office: Office) -> None:
    async with office.desk("chief") as supervisor:
        for order, state in (
            ({"state": "ready"}, "ready"),
            ({"state": "not_ready", "reason": "培训"}, "not_ready"),
            ({"state": "logged_out"}, "logged_out"),
            ({"state": "not_ready", "reason": "小休"}, "not_ready"),
        ):
            await supervisor.api.put("/api/v1/seats/8002/state", order)
            await supervisor.page.until(
                "seat.changed",
                lambda frame, state=state: (
                    (frame["data"]["agent"], frame["data"]["state"]) == ("8002", state)
                ),
            )
        assert await supervisor.command("seats/8002/listen") == (409, NO_CONVERSATION)
        assert (await supervisor.command("seats/9999/listen"))[0] == 404
    assert [act["detail"]["reason"] for act in await office.acts("seat.not_ready")] == [
        "培训",
        "培训",
        "小休",
        "小休",
    ]


async def test_agent_dials_and_hangs_up(office: Office) -> None:
    async with office.desk("agent8001") as desk, office.ami() as ami:
        since = ami.mark()
        assert await desk.command("seat/hangup") == (409, NO_CONVERSATION)
        assert await desk.command("dial", {"number": OUTSIDE}) == DONE
        await ami.until(rb"Event: DialEnd\r\n.*PJSIP/trunk-.*DialStatus: ANSWER", since=since)
        assert await desk.command("dial", {"number": OUTSIDE}) == (409, "您的话机正忙")
        assert await desk.command("seat/hangup") == DONE
        assert await desk.command("seat/hangup") == (409, NO_CONVERSATION)


async def test_call_of_somebody_else_is_not_there(office: Office) -> None:
    async with office.desk("agent8002") as colleague, office.call() as (_desk, call_id):
        for command in ("hangup", "conference", "consult/cancel"):
            assert (await colleague.command(f"calls/{call_id}/{command}"))[0] == 404
    assert (await office.record(call_id)).agents[0].talk_s > 1


async def test_call_that_is_over(office: Office) -> None:
    async with office.desk("agent8001") as desk:
        async with office.call(stay_ms=3000) as (_desk, call_id):
            pass
        assert await desk.command(f"calls/{call_id}/hangup") == (409, "通话已结束")
