"""T10, FAULTS security 25, 27: who may hear a call, by a link of his own, audited; how long."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry

from gateway import recording_retention, recordings
from gateway.auth.roles import Role
from gateway.context import Context
from gateway.engines import Engines
from gateway.readiness import Readiness
from gateway.recording_retention import purge_recordings
from gateway.roles.worker import REGULAR
from metrics.exporter import FiguresCollector
from metrics.snapshot import SnapshotKeeper
from tests.support.recordings import write_recording
from tests.support.web import NOW, Browser, Hotline
from tests.support.web_switchboard import CALLER, SWITCHBOARD, call_data, part

UNIQUEID = f"hotline-{int(NOW.timestamp())}.7"
CALL = f"/api/v1/calls/{SWITCHBOARD}-{UNIQUEID}"
CASE = {"kind": "complaint", "title": "路灯不亮", "body": "人民路18号"}


@pytest.fixture
def store(hotline: Hotline) -> Path:
    assert hotline.settings.recordings_dir
    hotline.settings.recordings_dir.mkdir()
    return hotline.settings.recordings_dir


@pytest.fixture
async def recorded(hotline: Hotline, store: Path) -> Path:
    """The recording of a call that agents 1001 and 1002 had."""
    await hotline.store_call(UNIQUEID, "1001", "1002")
    return write_recording(store, UNIQUEID)


async def ask(browser: Browser, call: str = CALL) -> tuple[int, Any]:
    return await browser.json("POST", f"{call}/recording")


async def link_of(browser: Browser) -> str:
    status, link = await ask(browser)
    assert status == 200, link
    return str(link["url"])


async def offered(browser: Browser) -> bool:
    status, call = await browser.json("GET", CALL)
    assert status == 200
    return bool(call["recording"])


async def plays(hotline: Hotline) -> list[tuple[str, str, dict[str, Any]]]:
    rows = await hotline.pool.fetch(
        "select * from audit_log where action = 'call.play_recording' order by audit_id"
    )
    return [(row["actor"], row["subject"], json.loads(row["detail"])) for row in rows]


async def test_who_may_hear(hotline: Hotline, recorded: Path) -> None:
    first, second = await hotline.agent("1001"), await hotline.agent("1002")
    other, chief = await hotline.agent("1003"), await hotline.supervisor()
    admin = await hotline.administrator()
    for browser in (first, second, chief):
        assert await offered(browser)
        async with await browser.ask("GET", await link_of(browser)) as answer:
            assert (answer.status, answer.content_type) == (200, "audio/wav")
            assert answer.headers["Cache-Control"] == "no-store"
            assert "media-src 'self'" in answer.headers["Content-Security-Policy"]
            assert await answer.read() == recorded.read_bytes()
    assert (await ask(other))[0] == 404
    assert (await ask(admin))[0] == 403
    assert not await offered(admin)
    call_id = f"{SWITCHBOARD}-{UNIQUEID}"
    assert await plays(hotline) == [
        (login, call_id, {"outcome": "done"}) for login in ("agent1001", "agent1002", "supervisor")
    ]


async def test_an_agent_of_the_same_number_elsewhere_may_not(
    hotline: Hotline, recorded: Path
) -> None:
    namesake = await hotline.add_user(Role.AGENT, "agent-west", agent="1001", switchboard="west")
    assert (await ask(await hotline.browser(namesake)))[0] == 404


async def test_a_confidential_case_closes_its_call(hotline: Hotline, recorded: Path) -> None:
    opener, other = await hotline.agent("1001"), await hotline.agent("1002")
    chief = await hotline.supervisor()
    form = CASE | {"call_id": f"{SWITCHBOARD}-{UNIQUEID}", "confidential": True}
    status, case = await opener.json("POST", "/api/v1/cases", json=form)
    assert (status, case["may_hear"]) == (201, True)
    assert [await offered(who) for who in (opener, other, chief)] == [True, False, True]
    status, problem = await ask(other)
    assert (status, "保密" in problem["detail"]) == (403, True)
    assert (await ask(opener))[0] == (await ask(chief))[0] == 200


async def test_the_page_of_a_case_knows_who_may(hotline: Hotline, recorded: Path) -> None:
    opener, other = await hotline.agent("1001"), await hotline.agent("1003")
    await hotline.department("D1")
    department = await hotline.department_user("D1")
    form = CASE | {"call_id": f"{SWITCHBOARD}-{UNIQUEID}", "department": "D1"}
    _, case = await opener.json("POST", "/api/v1/cases", json=form)
    shown = {}
    for name, browser in {
        "opener": opener,
        "other": other,
        "chief": await hotline.supervisor(),
        "admin": await hotline.administrator(),
        "department": department,
    }.items():
        status, seen = await browser.json("GET", f"/api/v1/cases/{case['case_no']}")
        assert status == 200
        shown[name] = seen["may_hear"]
    assert shown == {
        "opener": True, "other": False, "chief": True, "admin": False, "department": False
    }  # fmt: skip
    assert (await ask(department))[0] == 403
    _, without = await opener.json("POST", "/api/v1/cases", json=CASE)
    assert without["may_hear"] is False


async def test_parts_of_it(hotline: Hotline, recorded: Path) -> None:
    agent = await hotline.agent("1001")
    url, sound = await link_of(agent), recorded.read_bytes()
    middle = {"Range": "bytes=32000-47999"}
    async with await agent.ask("GET", url, headers=middle) as answer:
        assert answer.status == 206
        assert answer.headers["Content-Range"] == f"bytes 32000-47999/{len(sound)}"
        assert answer.headers["Cache-Control"] == "no-store"
        assert await answer.read() == sound[32000:48000]
    async with await agent.ask("GET", url, headers={"Range": "bytes=-100"}) as answer:
        assert (answer.status, await answer.read()) == (206, sound[-100:])
    beyond = {"Range": f"bytes={len(sound)}-"}
    async with await agent.ask("GET", url, headers=beyond) as answer:
        assert answer.status == 416


async def test_a_link_is_one_persons_and_short_lived(hotline: Hotline, recorded: Path) -> None:
    agent, chief = await hotline.agent("1001"), await hotline.supervisor()
    status, link = await ask(agent)
    assert (status, link["duration_s"], link["lasts_s"]) == (200, 4.0, 304)
    gone = (404, "播放链接已失效，请重新点击“听录音”")

    async def heard(browser: Browser, url: str = link["url"]) -> tuple[int, str]:
        status, problem = await browser.json("GET", url)
        return status, problem["detail"]

    assert await heard(chief) == gone  # who might have a link of his own
    assert await heard(agent, f"/api/v1/recordings/{'0' * 32}") == gone
    nobody = await hotline.browser()
    assert (await heard(nobody))[0] == 401
    again = await hotline.browser(agent.person)  # the same person, signed in once more
    async with await again.ask("GET", link["url"]) as answer:
        assert answer.status == 200
    [key] = [key async for key in hotline.redis.scan_iter("hotline:recording:*")]
    assert link["url"].rpartition("/")[2] not in key
    assert 0 < await hotline.redis.ttl(key) <= 304
    await hotline.redis.expire(key, 0)
    assert await heard(agent) == gone


async def test_nothing_of_it_is_in_addresses_or_logs(hotline: Hotline, recorded: Path) -> None:
    agent = await hotline.agent("1001")
    with structlog.testing.capture_logs() as lines:
        _, link = await ask(agent)
        await (await agent.ask("GET", link["url"])).read()
    for text in (str(link), str(lines), str(await plays(hotline))):
        assert CALLER not in text
        assert recorded.name not in text
        assert str(recorded.parent) not in text
    assert link["url"] not in str(lines)


async def test_what_cannot_be_heard(hotline: Hotline, store: Path) -> None:
    agent = await hotline.agent("1001")
    await hotline.store_call(UNIQUEID, "1001")
    none = (404, "这次通话没有录音：没有人接听，或者已过保存期限")

    async def refused() -> tuple[int, str]:
        status, problem = await ask(agent)
        return status, problem["detail"]

    assert await refused() == none
    empty = write_recording(store, UNIQUEID, seconds=0)  # who gave up in the queue
    assert await refused() == none
    assert not await offered(agent)
    empty.unlink()
    outside = write_recording(store.parent / "elsewhere", UNIQUEID)
    empty.symlink_to(outside)
    assert await refused() == none
    assert await plays(hotline) == []
    assert (await agent.json("POST", "/api/v1/calls/sb1-1.1/recording"))[0] == 404


async def test_a_recording_that_goes_while_it_is_heard(hotline: Hotline, recorded: Path) -> None:
    agent = await hotline.agent("1001")
    url = await link_of(agent)
    recorded.unlink()
    status, problem = await agent.json("GET", url)
    assert (status, problem["title"]) == (410, "已不存在")
    assert problem["detail"] == "录音文件已不在：可能已过保存期限"


async def test_a_call_that_is_up_is_not_offered(hotline: Hotline, store: Path) -> None:
    agent = await hotline.agent("1001")
    write_recording(store, UNIQUEID)
    call_id = f"{SWITCHBOARD}-{UNIQUEID}"
    up = call_data(call_id, agent="1001", agents=[part("1001")])
    await hotline.switchboard.tell("call.answered", up)
    assert not await offered(agent)
    status, problem = await ask(agent)
    assert (status, problem["detail"]) == (409, "通话还没有结束，结束后才能听录音")


async def test_files_that_do_not_answer(
    hotline: Hotline, recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await hotline.agent("1001")
    url = await link_of(agent)

    def broken(_path: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(recordings, "_look", broken)
    assert await offered(agent)  # who tries is told
    status, problem = await ask(agent)
    assert (status, problem["detail"]) == (503, "录音暂时无法读取，请稍后重试")
    assert (await agent.json("GET", url))[0] == 503
    assert len(await plays(hotline)) == 1


def context_of(hotline: Hotline, after: timedelta) -> Context:
    engines = Engines(dsn="", pool=hotline.pool, redis=hotline.redis)
    return Context(
        settings=hotline.settings,
        engines=engines,
        readiness=Readiness(),
        clock=lambda: NOW + after,
    )


async def removed_in_metrics(hotline: Hotline) -> float | None:
    keeper = SnapshotKeeper(
        hotline.pool, interval_s=1, short_abandon_s=5, clock=lambda: NOW + timedelta(days=999)
    )
    await keeper.refresh()
    registry = CollectorRegistry()
    registry.register(FiguresCollector(keeper, queues=("12345",), planned_seats=1))
    return registry.get_sample_value("hotline_recordings_removed_total")


async def test_retention(
    hotline: Hotline, recorded: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_retention, "BATCH", 3)
    assert purge_recordings in REGULAR
    for number in range(7):
        write_recording(store, f"{int(NOW.timestamp()) + number}.99", seconds=0)
    later = write_recording(store, f"{int(NOW.timestamp()) + 86_400}.1")
    days = hotline.settings.recordings_days
    assert await purge_recordings(context_of(hotline, timedelta(days=days))) == 0
    assert await removed_in_metrics(hotline) == 0
    with structlog.testing.capture_logs() as lines:
        assert await purge_recordings(context_of(hotline, timedelta(days=days + 1))) == 8
    assert [line for line in lines if line["event"] == "recordings_purged"] == [
        {"event": "recordings_purged", "files": 8, "log_level": "info"}
    ]
    assert await removed_in_metrics(hotline) == 8
    assert not recorded.exists()
    assert later.exists()
    agent = await hotline.agent("1001")
    assert not await offered(agent)
    assert (await ask(agent))[0] == 404


async def test_a_directory_that_is_away_is_told(hotline: Hotline) -> None:
    with structlog.testing.capture_logs() as lines:
        assert await purge_recordings(context_of(hotline, timedelta(days=1))) == 0
    assert [line["event"] for line in lines] == ["recordings_not_purged"]
