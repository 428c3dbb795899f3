"""FAULTS security 29: whatever goes wrong, a person is told one generic sentence."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest
import structlog

from gateway.http.application import create_app, listening
from tests.support.ports import free_port
from tests.support.web import Hotline
from tests.support.web_switchboard import CALLER

INSIDE = ("Traceback", "asyncpg", "aiohttp", "select", "audit_log", 'File "', "secret", CALLER)

FAILURES = [
    asyncpg.UndefinedTableError(f'relation "audit_log" does not exist, caller {CALLER}'),
    asyncpg.UniqueViolationError("duplicate key: secret"),
    asyncpg.DataError("invalid input for query argument $1: secret"),
    asyncpg.InsufficientPrivilegeError("permission denied for table audit_log"),
    asyncpg.QueryCanceledError("canceling statement due to statement timeout: select secret"),
    ConnectionRefusedError(111, "Connect call failed ('10.0.0.7', 5432) secret"),
    ZeroDivisionError("secret"),
    RecursionError("secret"),
]


async def test_failures_inside(hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = await hotline.administrator()
    for failure in FAILURES:

        async def fail(*_: Any, _failure: Exception = failure, **__: Any) -> None:
            raise _failure

        monkeypatch.setattr("gateway.http.audit_api.list_acts", fail)
        with structlog.testing.capture_logs():
            answer = await admin.ask("GET", "/api/v1/audit")
        assert answer.status in {500, 503}
        assert answer.content_type == "application/problem+json"
        said = await answer.text() + str(answer.headers)
        assert not [part for part in INSIDE if part in said], failure


MALFORMED = [
    b"GARBAGE\r\n\r\n",
    f"GET /{CALLER}\x00 HTTP/1.1\r\n\r\n".encode(),
    b"GET / HTTP/1.1\r\nX: " + b"secret" * 2_000 + b"\r\n\r\n",
    b"GET /" + b"secret" * 2_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: secret\r\n\r\n",
    b"GET http://[secret HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: secret\r\n\r\n",
]


async def exchange(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()


async def test_what_is_no_request(hotline: Hotline) -> None:
    port = free_port()
    app = create_app(hotline.services, hotline.settings)
    async with listening(app, "127.0.0.1", port):
        with structlog.testing.capture_logs() as lines:
            for sent in MALFORMED:
                head, _, body = (await exchange(port, sent)).partition(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.0 400 "), head
                assert b"application/problem+json" in head
                assert json.loads(body)["detail"] == "请求不是合法的 HTTP 报文"
                said = (head + body).decode()
                assert not [part for part in INSIDE if part in said], said
    assert not [part for part in ("secret", CALLER) if part in str(lines)]
    assert {line["event"] for line in lines} == {"request_malformed"}
