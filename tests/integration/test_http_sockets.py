"""Live events on WebSockets: who gets what, and who is put out (FAULTS 32, security 17)."""

import asyncio

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from gateway.auth import sessions
from gateway.http.sockets import PER_SESSION, QUEUE_LENGTH
from tests.support.web import Hotline, next_event, until
from tests.support.web_switchboard import CALLER, call_data, part


async def test_hello_has_the_seat_and_the_calls_of_the_agent(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    await hotline.switchboard.tell_seat("1001", "ringing", call_id="sb1-1.1")
    await hotline.switchboard.tell("call.ringing", call_data("sb1-1.1", agent="1001"))
    await hotline.switchboard.tell("call.ringing", call_data("sb1-1.2", agent="1002"))
    async with await agent.socket() as page:
        hello = await next_event(page)
    assert hello["name"] == "hello"
    assert hello["data"]["seat"]["state"] == "ringing"
    assert [call["call_id"] for call in hello["data"]["calls"]] == ["sb1-1.1"]
    assert hello["data"]["calls"][0]["caller"] == "138****0001"


async def test_two_agents_and_none_gets_the_others_pop(hotline: Hotline) -> None:
    first, second = await hotline.agent("1001"), await hotline.agent("1002")
    supervisor = await hotline.supervisor()
    async with (
        await first.socket() as page1,
        await second.socket() as page2,
        await supervisor.socket() as board,
    ):
        for page in (page1, page2, board):
            await next_event(page)
        tell = hotline.switchboard.tell
        await tell("call.queued", call_data("sb1-1.1"))
        await tell("call.ringing", call_data("sb1-1.1", agent="1001"))
        await tell("call.ringing", call_data("sb1-1.2", agent="1002"))
        await tell("call.ended", call_data("sb1-1.1", agents=[part("1001")]))
        await hotline.switchboard.tell_seat("1002", "wrap_up")

        async def names(page: object, count: int) -> list[tuple[str, str]]:
            frames = [await next_event(page) for _ in range(count)]  # type: ignore[arg-type]
            assert CALLER not in str(frames)
            return [(f["name"], f["data"].get("call_id") or f["data"]["agent"]) for f in frames]

        assert await names(page1, 2) == [("call.ringing", "sb1-1.1"), ("call.ended", "sb1-1.1")]
        assert await names(page2, 2) == [("call.ringing", "sb1-1.2"), ("seat.changed", "1002")]
        assert len(await names(board, 5)) == 5
        for page in (page1, page2, board):
            with pytest.raises(TimeoutError):
                await page.receive(timeout=0.1)


async def test_logout_closes_the_sockets_of_that_session_only(hotline: Hotline) -> None:
    first, second = await hotline.agent("1001"), await hotline.agent("1002")
    async with await first.socket() as page1, await second.socket() as page2:
        await next_event(page1)
        await next_event(page2)
        await first.ask("DELETE", "/api/v1/session")
        message = await page1.receive(timeout=5)
        assert (message.type, page1.close_code) == (WSMsgType.CLOSE, 4001)
        await hotline.switchboard.tell_seat("1002", "ready")
        assert (await next_event(page2))["name"] == "seat.changed"
    await until(lambda: len(hotline.services.hub) == 0)


async def test_session_that_ended_elsewhere_closes_its_sockets(hotline: Hotline) -> None:
    agent = await hotline.agent()
    assert agent.person
    async with await agent.socket() as page:
        await next_event(page)
        await sessions.end_all(hotline.redis, agent.person.user_id)
        message = await page.receive(timeout=5)
        assert (message.type, page.close_code) == (WSMsgType.CLOSE, 4001)


async def test_slow_page_is_put_out_and_the_others_get_everything(hotline: Hotline) -> None:
    slow, quick = await hotline.agent("1001"), await hotline.supervisor()
    count = QUEUE_LENGTH + 400
    padding = "x" * 40_000  # fills the buffers of the kernel and of aiohttp
    async with await slow.socket() as stuck, await quick.socket() as page:
        await next_event(stuck)
        await next_event(page)
        transport = stuck._response.connection.transport  # type: ignore[union-attr]
        transport.pause_reading()  # type: ignore[union-attr]
        for number in range(count):
            data = call_data(f"sb1-{number}.1", agent="1001", detail=padding)
            await hotline.switchboard.tell("call.ringing", data)
            assert (await next_event(page))["data"]["call_id"] == f"sb1-{number}.1"
        await until(lambda: hotline.services.hub.counts.evicted == 1)
        transport.resume_reading()  # type: ignore[union-attr]
        async with asyncio.timeout(10):
            while (message := await stuck.receive()).type is WSMsgType.TEXT:
                pass
        assert message.type is WSMsgType.CLOSE
        assert stuck.close_code == 4008


async def test_page_that_never_reads_again_is_cut_off(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.http.sockets.CLOSE_TIMEOUT_S", 0.2)
    agent = await hotline.agent("1001")
    padding = "x" * 40_000
    async with await agent.socket() as stuck:
        await next_event(stuck)
        transport = stuck._response.connection.transport  # type: ignore[union-attr]
        transport.pause_reading()  # type: ignore[union-attr]
        for number in range(QUEUE_LENGTH + 400):
            data = call_data(f"sb1-{number}.1", agent="1001", detail=padding)
            await hotline.switchboard.tell("call.ringing", data)
        await until(lambda: hotline.services.hub.counts.evicted == 1)
        await until(lambda: len(hotline.services.hub) == 0)
        connections = hotline.server.runner.server.connections  # type: ignore[union-attr]
        await until(lambda: not any(each.transport for each in connections))
        transport.abort()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://cti.example", True),
        ("https://evil.example", False),
        ("null", False),
        ("https://cti.example.evil.example", False),
    ],
)
async def test_origins(hotline: Hotline, origin: str, allowed: bool) -> None:
    agent = await hotline.agent()
    if allowed:
        async with await agent.socket(origin=origin) as page:
            assert (await next_event(page))["name"] == "hello"
        return
    with pytest.raises(WSServerHandshakeError) as refused:
        await agent.socket(origin=origin)
    assert refused.value.status == 403


async def test_handshake_without_session_or_origin(hotline: Hotline) -> None:
    nobody, agent = await hotline.browser(), await hotline.agent()
    with pytest.raises(WSServerHandshakeError) as refused:
        await nobody.socket()
    assert refused.value.status == 401
    with pytest.raises(WSServerHandshakeError) as refused:
        await agent.http.ws_connect("/ws")
    assert refused.value.status == 403
    own = str(agent.http._base_url).rstrip("/")
    status, problem = await agent.json("GET", "/ws", headers={"Origin": own})
    assert (status, problem["status"]) == (400, 400)


async def test_one_session_has_a_bounded_number_of_sockets(hotline: Hotline) -> None:
    agent = await hotline.agent()
    pages = [await agent.socket() for _ in range(PER_SESSION)]
    with pytest.raises(WSServerHandshakeError) as refused:
        await agent.socket()
    assert refused.value.status == 429
    for page in pages:
        await page.close()
