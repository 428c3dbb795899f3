"""One connection: each way it can go wrong is one clear error."""

import asyncio

import pytest

from telephony.ami.action import Action
from telephony.ami.client import Client, Endpoint, connect, demand
from telephony.errors import (
    ActionRefusedError,
    ActionTimeoutError,
    ExcessiveRightsError,
    LinkLostError,
    LoginRefusedError,
    MissingRightsError,
    NotConnectedError,
    PeerError,
    UnsafeValueError,
)
from tests.unit.telephony.scripted_switch import (
    OFFERED,
    ScriptedSwitch,
    error,
    offer,
    ok,
    scripted_switch,
    silence,
)


def ignore(messages: list[bytes], received_at: float) -> None:
    """No interest in events."""


async def log_in(switch: ScriptedSwitch) -> Client:
    return await connect(switch.endpoint, ignore, timeout_s=1)


async def test_login_and_a_question() -> None:
    async with scripted_switch() as switch:
        client = await log_in(switch)
        answer = await demand(client, Action("Ping"))
        assert answer.response.get("Ping") == "Pong"
        assert switch.told[0]["Username"] == "hotline"


async def test_a_wrong_password() -> None:
    async with scripted_switch() as switch:
        switch.answers["Login"] = error("Authentication failed")
        with pytest.raises(LoginRefusedError, match=r"'hotline'.*Authentication failed") as caught:
            await log_in(switch)
        assert "not-so-secret" not in str(caught.value)
    assert "not-so-secret" not in repr(switch.endpoint)


@pytest.mark.parametrize("priv", ["command,all", "system,config,all", "system,all"])
async def test_a_user_that_may_do_too_much(priv: str) -> None:
    async with scripted_switch() as switch:
        switch.answers["ListCommands"] = offer(OFFERED | {"Command": priv})
        with pytest.raises(ExcessiveRightsError, match=r"manager\.conf"):
            await log_in(switch)


async def test_a_user_that_may_do_too_little() -> None:
    async with scripted_switch() as switch:
        del (offered := dict(OFFERED))["Originate"]
        switch.answers["ListCommands"] = offer(offered)
        with pytest.raises(MissingRightsError, match="Originate"):
            await log_in(switch)


async def test_a_peer_that_speaks_something_else() -> None:
    async with scripted_switch(ScriptedSwitch(greeting=b"SSH-2.0-OpenSSH_9.2\r\n")) as switch:
        with pytest.raises(PeerError, match=r"SSH-2\.0"):
            await log_in(switch)


async def test_a_peer_that_says_nothing() -> None:
    async with scripted_switch(ScriptedSwitch(greeting=b"")) as switch:
        with pytest.raises(ActionTimeoutError, match="no AMI greeting"):
            await connect(switch.endpoint, ignore, timeout_s=0.1)


async def test_nobody_there() -> None:
    async with scripted_switch() as switch:
        port = switch.port
    with pytest.raises(LinkLostError, match="cannot reach"):
        await connect(Endpoint("127.0.0.1", "hotline", "x", port), ignore)


async def test_an_action_without_an_answer_times_out() -> None:
    async with scripted_switch() as switch:
        client = await log_in(switch)
        switch.answers["Ping"] = silence
        with pytest.raises(ActionTimeoutError, match="Ping within"):
            await client.request(Action("Ping"), timeout_s=0.05)
        switch.answers["Ping"] = ok()
        assert (await client.request(Action("Ping"))).succeeded


async def test_a_lost_connection_fails_what_waits_and_what_comes() -> None:
    async with scripted_switch() as switch:
        client = await log_in(switch)
        switch.answers["Ping"] = silence
        waiting = asyncio.create_task(client.request(Action("Ping")))
        await switch.until_told("Ping")
        switch.connections[-1].transport.abort()
        with pytest.raises(LinkLostError):
            await waiting
        with pytest.raises(NotConnectedError):
            await client.request(Action("Ping"))
        assert isinstance(await client.lost, LinkLostError)


async def test_bytes_that_are_no_message_do_not_end_the_connection() -> None:
    """A caller's number can bring them about."""
    async with scripted_switch() as switch:
        client = await log_in(switch)
        switch.send(b"\x00\xff garbage\r\n\r\n")
        assert (await client.request(Action("Ping"))).succeeded
        assert not client.lost.done()


async def test_refusals_and_unsafe_values() -> None:
    async with scripted_switch() as switch:
        client = await log_in(switch)
        with pytest.raises(ActionRefusedError, match="Invalid/unknown command"):
            await demand(client, Action("Nonsense"))
        told = len(switch.told)
        with pytest.raises(UnsafeValueError):
            await client.request(Action("Ping", {"Key": "a\r\nAction: Command"}))
        assert (await client.request(Action("Ping"))).succeeded
        assert len(switch.told) == told + 1


async def test_events_arrive_in_order_whatever_the_slicing() -> None:
    seen: list[bytes] = []
    async with scripted_switch() as switch:
        client = await connect(switch.endpoint, lambda raws, _: seen.extend(raws))
        data = b"".join(b"Event: E%d\r\nName: \xe6\xb1\x89\r\n\r\n" % n for n in range(50))
        for byte in data:
            switch.send(bytes([byte]))
            await asyncio.sleep(0)
        await client.request(Action("Ping"))
    assert seen == [b"Event: E%d\r\nName: \xe6\xb1\x89" % n for n in range(50)]
