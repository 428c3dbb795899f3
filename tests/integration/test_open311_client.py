"""An Open311 client that others wrote speaks to us (issue "It shows" 2): civicbot."""

import asyncio

import pytest
from civicbot import Endpoint, HttpError, HttpTransport, Open311Client
from civicbot.http import RateLimiter

from gateway.auth.keys import KeyScope
from tests.support.web import Hotline
from tests.support.web_switchboard import CALLER

ROOT = "/open311/v2"


def civic_client(url: str) -> Open311Client:
    """civicbot's, without its politeness of two requests a second."""
    place = Endpoint(id="here", name="here", base_url=url, write=True)
    return Open311Client(place, HttpTransport(rate_limiter=RateLimiter(min_interval=0)))


def write(url: str, secret: str) -> str:
    """Look a service up, send a request of it, follow it."""
    client = civic_client(url)
    assert [each["service_code"] for each in client.list_services()] == ["0101"]
    assert client.get_service_definition("0101")["attributes"] == []
    report = {
        "lat": 31.2304,
        "lng": 121.4737,
        "address_string": "人民路18号",
        "description": "路灯不亮 & 井盖松动",
        "phone": CALLER,
        "validate_remote": True,
        "dry_run": False,
        "confirm": "SEND",
    }
    with pytest.raises(HttpError) as refused:
        client.create_request("0101", api_key="wrong", **report)
    assert refused.value.status == 403
    assert '"code": 403' in refused.value.body
    sent = client.create_request("0101", api_key=secret, **report)
    number: str = sent.response[0]["service_request_id"]
    assert client.list_requests() == []  # the citizen did not agree to show it
    with pytest.raises(HttpError):
        client.get_request(number)
    return number


def read(url: str, number: str) -> None:
    """Every reading method."""
    client = civic_client(url)
    found = client.get_request(number)
    assert found is not None
    assert (found["status"], found["description"]) == ("open", "路灯不亮 & 井盖松动")
    assert client.list_requests(service_request_ids=[number]) == [found]
    assert client.list_requests(status="open", service_code="0101", page_size=5) == [found]
    times = {"start_date": "2026-11-01T00:00:00Z", "end_date": "2026-11-30T00:00:00Z"}
    assert client.list_requests(**times) == [found]
    assert client.get_token(number) == [{"service_request_id": number, "token": number}]


async def test_client(hotline: Hotline) -> None:
    await hotline.category("0101")
    key = await hotline.api_key("civicbot", KeyScope.OPEN311)
    url = str(hotline.server.make_url(ROOT))
    secret = key["Authorization"].removeprefix("Bearer ")
    number = await asyncio.to_thread(write, url, secret)
    await hotline.pool.execute("update inbound_cases set public = true")
    await asyncio.to_thread(read, url, number)
    row = await hotline.pool.fetchrow("select caller, body, source from cases")
    assert row is not None
    assert tuple(row) == (CALLER, "路灯不亮 & 井盖松动", "web")
