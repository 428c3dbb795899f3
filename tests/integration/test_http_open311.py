"""Open311 GeoReport v2 (C9): what is answered, in both formats, and what is shown to whom."""

from itertools import product
from typing import Any
from xml.etree import ElementTree as ET

from gateway.auth.keys import KeyScope
from tests.support.web import Browser, Hotline
from tests.support.web_switchboard import CALLER
from ticketing.case import CaseSource

ROOT = "/open311/v2"
FORM = {
    "service_code": "0101",
    "address_string": "人民路18号",
    "lat": "31.2304",
    "long": "121.4737",
    "description": "路灯三天不亮，请回电 13800000001 或 wang@example.com",
    "phone": CALLER,
    "email": "wang@example.com",
    "first_name": "王",
    "attribute[X]": "ignored",
}


async def post(browser: Browser, key: dict[str, str], **more: str) -> str:
    status, created = await browser.json(
        "POST", f"{ROOT}/requests.json", data=FORM | more, headers=key
    )
    assert status == 200, created
    return str(created[0]["service_request_id"])


async def listed(browser: Browser, query: str = "", **how: Any) -> list[str]:
    status, rows = await browser.json("GET", f"{ROOT}/requests.json{query}", **how)
    assert status == 200, rows
    return [row["service_request_id"] for row in rows]


async def test_services(hotline: Hotline) -> None:
    await hotline.category("0101", "路灯")
    await hotline.category("0102", "井盖")
    await hotline.pool.execute("update categories set closed = true where code = '0102'")
    nobody = await hotline.browser()
    service = {
        "service_code": "0101",
        "service_name": "路灯",
        "description": "市政设施：路灯",
        "metadata": False,
        "type": "realtime",
        "keywords": "市政设施,路灯",
        "group": "市政设施",
    }
    assert await nobody.json("GET", f"{ROOT}/services.json") == (200, [service])
    answer = await nobody.ask("GET", f"{ROOT}/services.xml?jurisdiction_id=&api_key=")
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    document = ET.fromstring(await answer.read())  # noqa: S314  # our own
    assert document.findtext("service/service_name") == "路灯"
    definition = {"service_code": "0101", "attributes": []}
    assert await nobody.json("GET", f"{ROOT}/services/0101.json") == (200, definition)
    for code in ("0102", "C1", "nowhere"):
        status, errors = await nobody.json("GET", f"{ROOT}/services/{code}.json")
        assert (status, errors[0]["code"]) == (404, 404)


async def test_discovery(hotline: Hotline) -> None:
    nobody = await hotline.browser()
    status, found = await nobody.json("GET", f"{ROOT}/discovery.json")
    (here,) = found["endpoints"]
    assert status == 200
    assert here["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert here["url"] == str(nobody.http._base_url).rstrip("/") + ROOT
    assert (here["type"], here["formats"]) == ("test", ["text/xml", "application/json"])
    await hotline.category("0101")
    _, later = await nobody.json("GET", f"{ROOT}/discovery.json")
    assert later["changeset"] >= found["changeset"]
    answer = await nobody.ask("GET", f"{ROOT}/discovery.xml")
    formats = ET.fromstring(await answer.read()).findall("endpoints/endpoint/formats/format")  # noqa: S314
    assert [each.text for each in formats] == here["formats"]
    changes = {"open311_url": "https://hotline.example/open311/v2", "open311_jurisdiction": "city"}
    async with hotline.serving(hotline.settings.model_copy(update=changes)) as url:
        _, found = await nobody.json("GET", f"{url}{ROOT}/discovery.json?jurisdiction_id=city")
        assert found["endpoints"][0]["url"] == changes["open311_url"]
        for path in ("discovery", "services", "requests"):
            status, errors = await nobody.json(
                "GET", f"{url}{ROOT}/{path}.json?jurisdiction_id=other"
            )
            assert (status, errors[0]["description"]) == (404, "没有这个 jurisdiction_id")


async def test_a_request_is_a_case(hotline: Hotline) -> None:
    await hotline.category("0101")
    key = await hotline.api_key("随手拍", KeyScope.OPEN311, channel=CaseSource.APP)
    nobody, agent = await hotline.browser(), await hotline.agent()
    answer = await nobody.http.post(f"{ROOT}/requests.xml", data=FORM, headers=key)
    assert answer.status == 200
    document = ET.fromstring(await answer.read())  # noqa: S314  # our own
    number = document.findtext("request/service_request_id")
    _, case = await agent.json("GET", f"/api/v1/cases/{number}")
    assert (case["source"], case["state"], case["kind"]) == ("app", "registered", "help")
    assert (case["title"], case["address"]) == ("路灯：人民路18号", "人民路18号")
    assert (case["category"]["code"], case["caller"]) == ("0101", "138****0001")
    assert await hotline.pool.fetchval("select caller from cases") == CALLER

    _, (shown,) = await nobody.json("GET", f"{ROOT}/requests/{number}.json", headers=key)
    assert shown == {
        "service_request_id": number,
        "status": "open",
        "status_notes": "已登记",
        "service_name": "路灯",
        "service_code": "0101",
        "description": "路灯三天不亮，请回电 *** 或 ***",
        "agency_responsible": None,
        "service_notice": None,
        "requested_datetime": "2026-11-23T08:00:00Z",
        "updated_datetime": "2026-11-23T08:00:00Z",
        "expected_datetime": shown["expected_datetime"],
        "address": "人民路18号",
        "address_id": None,
        "zipcode": None,
        "lat": 31.2304,
        "long": 121.4737,
        "media_url": None,
    }
    assert shown["expected_datetime"] > "2026-11-23"
    closing = {"result": "已修复，电话 13800000001", "version": 1}
    await agent.json("POST", f"/api/v1/cases/{number}/close", json=closing)
    _, (shown,) = await nobody.json("GET", f"{ROOT}/requests/{number}.json", headers=key)
    assert (shown["status"], shown["status_notes"]) == ("closed", "已办结")
    assert "已修复" not in str(shown)
    token = {"service_request_id": number, "token": number}
    assert await nobody.json("GET", f"{ROOT}/tokens/{number}.json", headers=key) == (200, [token])


async def test_who_sees_what(hotline: Hotline) -> None:
    await hotline.category("0101")
    key, other = await hotline.api_key("随手拍"), await hotline.api_key("另一个")
    nobody, agent = await hotline.browser(), await hotline.agent("1001")
    call_id = await hotline.store_call("1.1", "1001")
    form = {"kind": "help", "title": "来电", "body": "内容", "category": "0101"}
    await agent.json("POST", "/api/v1/cases", json=form | {"call_id": call_id})
    hidden = await post(nobody, key)
    public = await post(nobody, key, public="true")
    secret = form | {"confidential": True}
    sent = key | {"Idempotency-Key": "1"}
    _, secret = await nobody.json("POST", "/api/v1/inbound/cases", json=secret, headers=sent)
    assert await listed(nobody) == [public]
    assert await listed(nobody, headers=other) == [public]
    assert await listed(nobody, headers=key) == [public, hidden]
    assert await listed(nobody, f"?service_request_id={hidden},{public}") == [public]
    for number, seen in ((public, True), (hidden, False), (secret["case_no"], False)):
        status, _ = await nobody.json("GET", f"{ROOT}/requests/{number}.json")
        assert status == (200 if seen else 404)
    for path in ("requests", "tokens"):
        status, _ = await nobody.json("GET", f"{ROOT}/{path}/{secret['case_no']}.json", headers=key)
        assert status == 404
    bad = {"Authorization": "Bearer nonsense"}
    status, errors = await nobody.json("GET", f"{ROOT}/requests.json", headers=bad)
    assert (status, errors) == (403, [{"code": 403, "description": "密钥无效或已停用"}])


async def test_filters(hotline: Hotline) -> None:
    await hotline.category("0101")
    await hotline.category("0102", "井盖")
    key = await hotline.api_key("随手拍")
    nobody, agent = await hotline.browser(), await hotline.agent()
    lamp = await post(nobody, key, public="1")
    cover = await post(nobody, key, public="1", service_code="0102")
    await agent.json("POST", f"/api/v1/cases/{cover}/close", json={"result": "好", "version": 1})
    both = [cover, lamp]
    for query, found in {
        "?service_code=0101": [lamp],
        "?service_code=0101,0102&status=": both,
        "?service_code=0101&service_code=0102": both,
        "?service_code=none": [],
        "?status=open": [lamp],
        "?status=closed": [cover],
        "?status=open,closed": both,
        "?start_date=2026-11-23T08:00:00Z": both,
        "?start_date=2026-11-23T16:00:00+08:00&page_size=5": both,
        "?start_date=2026-11-23T08:00:01Z": [],
        "?end_date=2026-11-23T07:59:59Z": [],
        "?start_date=2026-08-25T08:00:00Z&end_date=2026-11-23T08:00:00Z": both,
    }.items():
        assert await listed(nobody, query) == found, query


BAD_QUERIES = {
    "start_date=2026-08-24T08:00:00Z&end_date=2026-11-23T08:00:00Z": (
        "end_date 不能早于 start_date，且相距不能超过 90 天"
    ),
    "start_date=yesterday": "start_date：必须是 ISO 8601 时间",
    "start_date=2026-11-23T08:00:00": "start_date：时间必须带时区",
    "status=gone": "status.0：只能是 open、closed 之一",
    "service_request_id=1": "service_request_id.0：格式不正确，或含有不允许的字符",
}


async def test_queries_that_are_none(hotline: Hotline) -> None:
    nobody = await hotline.browser()
    for (query, sentence), kind in product(BAD_QUERIES.items(), ("json", "xml")):
        answer = await nobody.ask("GET", f"{ROOT}/requests.{kind}?{query}")
        assert answer.status == 400
        if kind == "json":
            assert await answer.json() == [{"code": 400, "description": sentence}]
        else:
            document = ET.fromstring(await answer.read())  # noqa: S314  # our own
            assert document.tag == "errors"
            assert document.findtext("error/description") == sentence


BAD_FORMS: list[tuple[dict[str, Any], int, str]] = [
    ({"service_code": None}, 400, "service_code：必须填写"),
    ({"service_code": "9999"}, 404, "没有这个 service_code，或它已关闭"),
    (
        {"address_string": " ", "lat": None},
        400,
        "address_string：须填写 address_string、address_id，或同时填写 lat 和 long",
    ),
    ({"lat": None}, 400, "longitude：经度和纬度须同时填写"),
    ({"lat": "91"}, 400, "lat：不能大于 90.0"),
    ({"lat": "x"}, 400, "lat：必须是数字"),
    ({"description": "长" * 4001}, 400, "description：最多 4000 个字"),
    ({"phone": "12"}, 400, "phone：电话号码须是 3 至 20 位数字，可带区号、空格和连字符"),
    ({"media_url": "ftp://x"}, 400, "media_url：格式不正确，或含有不允许的字符"),
    ({"public": "perhaps"}, 400, "public：只能是 true 或 false"),
]


async def test_forms_that_are_none(hotline: Hotline) -> None:
    await hotline.category("0101")
    key, nobody = await hotline.api_key("随手拍"), await hotline.browser()
    for changed, status, sentence in BAD_FORMS:
        form = {name: value for name, value in (FORM | changed).items() if value is not None}
        answer = await nobody.json("POST", f"{ROOT}/requests.json", data=form, headers=key)
        assert answer == (status, [{"code": status, "description": sentence}])


async def test_place_in_other_ways(hotline: Hotline) -> None:
    await hotline.category("0101")
    key, nobody = await hotline.api_key("随手拍"), await hotline.browser()
    for changed in ({"address_string": ""}, {"address_string": "", "address_id": "A-7"}):
        await post(nobody, key, **changed, media_url="https://example.org/1.jpg")
    rows = await hotline.pool.fetch("select address, body from cases order by case_id")
    assert [row["address"] for row in rows] == [
        "31.230400, 121.473700（WGS84 纬度、经度）",
        "地址编码 A-7",
    ]
    assert rows[0]["body"].endswith("\n\n附件：https://example.org/1.jpg")


async def test_errors_of_the_way_there(hotline: Hotline) -> None:
    key, nobody = await hotline.api_key("随手拍"), await hotline.browser()
    scoped = await hotline.api_key("另一个", KeyScope.INBOUND)
    path = f"{ROOT}/requests.json"
    big = {"description": "x" * 70_000}
    for status, method, where, how in (
        (404, "GET", f"{ROOT}/nowhere.json", {}),
        (404, "GET", f"{ROOT}/services.csv", {}),
        (405, "PUT", path, {}),
        (400, "POST", path, {"json": FORM, "headers": key}),
        (400, "POST", path, {"data": b"a=%ff", "headers": key | {"Content-Type": FORM_TYPE}}),
        (400, "POST", path, {"data": b"\xff", "headers": key | {"Content-Type": FORM_TYPE}}),
        (400, "POST", path, {"data": big, "headers": key}),
        (403, "POST", path, {"data": FORM}),
        (403, "POST", path, {"data": FORM | {"api_key": "x"}}),
        (403, "POST", path, {"data": FORM, "headers": scoped}),
    ):
        found, errors = await nobody.json(method, where, **how)
        assert (found, errors[0]["code"]) == (status, status), (method, where)
        assert errors[0]["description"]


FORM_TYPE = "application/x-www-form-urlencoded"
