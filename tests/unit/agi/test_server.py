"""The server: who may connect, bounds, hang-ups and cuts at every point, an orderly end."""

import asyncio
import gc
from socket import IPPROTO_TCP, TCP_NODELAY
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telephony.agi.commands import Agi
from telephony.agi.request import AgiCall
from telephony.agi.server import AgiServer
from telephony.agi.session import SessionOutcome
from tests.unit.agi.peer import HEADER, Peer, header, serving


def play(agi: Agi, _call: AgiCall) -> None:
    agi.stream_file("hello")
    agi.get_data("key", 100, 1)


# What the peer says in turn: the header, then one answer for each command.
TURNS = [header(), b"200 result=0 endpos=1\n", b"100 Trying\n200 result=1\n"]
CUTS = [(turn, place) for turn, said in enumerate(TURNS) for place in range(len(said))]


async def say(peer: Peer, turns: int, then: bytes) -> None:
    """Say the first ``turns`` turns, each when it is asked for, and ``then`` something else."""
    for said in TURNS[:turns]:
        peer.send(said)
        assert await peer.command()
    peer.send(then)


async def test_who_is_not_allowed_is_cut_off() -> None:
    async with serving(play, peers=["10.0.0.0/8", "::1"]) as harness:
        async with await harness.connect() as peer:
            assert await peer.until_end() == b""
        report = await harness.report()
    assert report.outcome is SessionOutcome.FORBIDDEN_PEER


async def test_more_than_allowed_are_cut_off_and_the_others_served() -> None:
    async with (
        serving(play, max_sessions=1) as harness,
        await harness.connect() as first,
        await harness.connect() as second,
    ):
        assert await second.until_end() == b""
        assert harness.server.counts[SessionOutcome.TOO_MANY] == 1
        await say(first, 2, TURNS[2])
        report = await harness.report(2)
    assert report.outcome is SessionOutcome.COMPLETED


async def test_unknown_script() -> None:
    async with serving(play) as harness, await harness.connect() as peer:
        peer.send(header(script="system"))
        assert await peer.until_end() == b"FAILURE\n"
        report = await harness.report()
    assert report.outcome is SessionOutcome.UNKNOWN_SCRIPT
    assert report.script == "system"


@pytest.mark.parametrize(
    "sent",
    [
        header(script="../etc/passwd"),
        header(script=""),
        header(uniqueid=""),
        header(uniqueid="1 2"),
        header().replace(b"\n\n", b"\nagi_uniqueid: other\n\n"),
        header().replace(b"agi_type", b"type"),
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\n",
        b"agi_x" * 10_000,
        b"".join(b"agi_arg_%d: x\n" % number for number in range(1, 250)),
    ],
)
async def test_impossible_headers(sent: bytes) -> None:
    async with serving(play) as harness, await harness.connect() as peer:
        peer.send(sent)
        assert await peer.until_end() == b""
        report = await harness.report()
    assert report.outcome is SessionOutcome.PEER_FAULT


async def test_the_call_as_scripts_see_it() -> None:
    seen: list[AgiCall] = []

    def look(_agi: Agi, call: AgiCall) -> None:
        seen.append(call)

    raw = header(callerid="unknown", dnid="12345", arg_1="one", arg_2="two words")
    raw = raw.replace(b"agi_calleridname: unknown", b'agi_calleridname: \xe5\xbc\xa0\xff"x"')
    async with serving(look) as harness:
        await harness.play(raw)
    (call,) = seen
    assert (call.script, call.uniqueid, call.extension) == ("script", "1795420800.7", "12345")
    assert (call.caller, call.dnid, call.args) == ("", "12345", ("one", "two words"))
    assert call.header["agi_calleridname"] == '张\udcff"x"'
    assert "two words" not in repr(call)


@pytest.mark.parametrize(("turn", "place"), CUTS)
async def test_cut_at_every_byte(turn: int, place: int) -> None:
    async with serving(play) as harness:
        async with await harness.connect() as peer:
            await say(peer, turn, TURNS[turn][:place])
            peer.writer.write_eof()
            await peer.until_end()
        report = await harness.report()
    assert report.outcome is SessionOutcome.PEER_FAULT
    assert report.error.startswith("AgiDisconnectedError at connection.py:")
    assert report.commands == turn


@pytest.mark.parametrize("turn", range(len(TURNS)))
async def test_hangup_at_every_turn(turn: int) -> None:
    async with serving(play) as harness, await harness.connect() as peer:
        await say(peer, turn, b"HANGUP\n")
        await peer.until_end()
        report = await harness.report()
    assert report.outcome is SessionOutcome.HANGUP
    assert report.commands == turn


async def test_one_byte_segments() -> None:
    async with serving(play) as harness, await harness.connect() as peer:
        peer.writer.get_extra_info("socket").setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        for said in TURNS:
            for byte in said:
                peer.send(bytes([byte]))
                await asyncio.sleep(0)
            if said is not TURNS[-1]:
                await peer.command()
        await peer.until_end()
        report = await harness.report()
    assert report.outcome is SessionOutcome.COMPLETED


async def test_slow_header() -> None:
    async with serving(play, header_timeout_s=0.02) as harness, await harness.connect() as peer:
        peer.send(header()[:50])
        assert await peer.until_end() == b""
        assert (await harness.report()).outcome is SessionOutcome.PEER_FAULT


async def test_a_session_has_an_end() -> None:
    async with serving(play, session_timeout_s=0.02) as harness:
        report = await harness.play(header(), ('STREAM FILE hello "" 0', b""))
    assert report.outcome is SessionOutcome.TIMED_OUT


async def test_a_failing_script_is_reported_without_its_text() -> None:
    def fail(_agi: Agi, _call: AgiCall) -> None:
        raise LookupError("13800000001 is not there")

    async with serving(fail) as harness, await harness.connect() as peer:
        peer.send(header())
        assert await peer.until_end() == b"FAILURE\n"
        report = await harness.report()
    assert report.outcome is SessionOutcome.SCRIPT_FAILED
    assert report.error.startswith("LookupError at test_server.py:")
    assert "138" not in report.error


async def test_a_store_that_never_answers() -> None:
    def wait(agi: Agi, _call: AgiCall) -> None:
        agi.wait(asyncio.get_running_loop().create_future())

    async with serving(wait, wait_timeout_s=0.02) as harness, await harness.connect() as peer:
        peer.send(header())
        assert await peer.until_end() == b"FAILURE\n"
        report = await harness.report()
    assert report.outcome is SessionOutcome.SCRIPT_FAILED
    assert report.error.startswith("TimeoutError")


async def test_the_loop_serves_others_meanwhile() -> None:
    async with serving(play) as harness:
        peers = [await harness.connect() for _ in range(50)]
        for peer in peers:
            peer.send(header())
        for peer in peers:
            assert (await peer.command()).startswith("STREAM FILE")
        assert harness.server.active == 50
        for peer in reversed(peers):
            peer.send(b"200 result=0\n")
            assert (await peer.command()).startswith("GET DATA")
            peer.send(b"200 result=1\n")
            await peer.until_end()
            peer.end()
        await harness.report(50)
    assert harness.server.counts == {SessionOutcome.COMPLETED: 50}


async def test_stopping_lets_sessions_end_and_accepts_no_more() -> None:
    async with serving(play) as harness, await harness.connect() as peer:
        peer.send(header())
        await peer.command()
        harness.server.stop()
        peer.send(b"200 result=0\n")
        await peer.command()
        with pytest.raises(ConnectionRefusedError):
            await harness.connect()
        peer.send(b"200 result=1\n")
        await peer.until_end()
        assert (await harness.report()).outcome is SessionOutcome.COMPLETED


async def test_stopping_cuts_sessions_that_do_not_end() -> None:
    ended: list[str] = []

    def stay(agi: Agi, call: AgiCall) -> None:
        try:
            play(agi, call)
        finally:
            ended.append("finally")

    async with serving(stay, drain_timeout_s=0.02) as harness, await harness.connect() as peer:
        peer.send(header())
        await peer.command()
        harness.server.stop()
        await harness.serving
        assert await peer.until_end() == b""
    assert ended == ["finally"]
    assert harness.server.active == 0


async def test_an_address_in_use_is_an_os_error() -> None:
    async with serving(play) as harness:
        other = AgiServer(host="127.0.0.1", port=harness.server.port, peers=[], scripts={})
        with pytest.raises(OSError, match="in use"):
            await other.serve()


def _mutations(data: bytes) -> Any:
    """Bytes changed, cut out, doubled or put in at some places."""
    change = st.tuples(st.integers(0, len(data)), st.integers(0, 3), st.binary(max_size=12))
    return st.lists(change, min_size=1, max_size=4).map(lambda changes: _mutate(data, changes))


def _mutate(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for place, kind, inserted in changes:
        head, tail = data[:place], data[place:]
        data = {
            0: head + inserted + tail,
            1: head + tail[len(inserted) :],
            2: head + tail[: len(inserted)] + tail,
            3: head + b"HANGUP\n" + inserted + tail,
        }[kind]
    return data


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sent=_mutations(header() + b"100 Trying\n200 result=-1\n520-x\nusage\n520 End\n"))
def test_mutated_bytes_neither_crash_nor_leak(sent: bytes) -> None:
    async def run() -> None:
        async with serving(play, command_timeout_s=5) as harness:
            async with await harness.connect() as peer:
                peer.send(sent)
                peer.writer.write_eof()
                await peer.until_end()
            report = await harness.report()
            assert report.outcome is not SessionOutcome.SCRIPT_FAILED
            assert report.outcome is not SessionOutcome.TIMED_OUT
            assert harness.server.active == 0

    asyncio.run(run())


async def test_nothing_is_left_behind() -> None:
    async with serving(play) as harness:
        for count in range(1, 101):
            async with await harness.connect() as peer:
                peer.send(header())
                await peer.command()
                peer.send(b"HANGUP\n")
                await peer.until_end()
            await harness.report(count)
    gc.collect()
    assert not [thing for thing in gc.get_objects() if isinstance(thing, Agi)]
    assert HEADER["agi_uniqueid"] == harness.reports[0].uniqueid
