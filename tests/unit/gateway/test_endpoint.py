"""Declarations of endpoints: validation sentences, problems, the OpenAPI document."""

from typing import Any

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel, ValidationError
from redis.exceptions import ConnectionError as RedisDownError

from gateway.http.application import API
from gateway.http.case_api import CaseFilter, CaseForm, Closing
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.middleware import answer_problems
from gateway.http.openapi import document, plain_path
from gateway.http.problems import TITLES, of_outage
from gateway.http.seat_api import SeatOrder
from gateway.http.session_api import Credentials
from gateway.http.validation import FALLBACK, field_problems, malformed


def problems_of(model: type[BaseModel], text: str) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate_json(text)
    return {problem.field: problem.message for problem in field_problems(caught.value)}


@pytest.mark.parametrize(
    ("model", "text", "field", "sentence"),
    [
        (Closing, '{"version": 1}', "result", "必须填写"),
        (Closing, '{"result": "", "version": 1}', "result", "至少 1 个字"),
        (Closing, '{"result": 5, "version": 1}', "result", "必须是文字"),
        (Closing, '{"result": "好", "version": 0}', "version", "不能小于 1"),
        (Closing, '{"result": "好", "version": 9999999999}', "version", "不能大于 2147483647"),
        (Closing, '{"result": "好", "version": "x"}', "version", "必须是整数"),
        (Closing, '{"result": "好", "version": 1.5}', "version", "必须是整数"),
        (Closing, '{"result": "好", "version": null}', "version", "必须是整数"),
        (Closing, '{"result": "好", "version": 1, "x": 1}', "x", "没有这个字段"),
        (Closing, "[]", "", "必须是 JSON 对象"),
        (SeatOrder, '{"state": "gone"}', "state", "只能是 ready、not_ready、logged_out 之一"),
        (CaseFilter, '{"before": "x"}', "before", "必须是 ISO 8601 时间"),
        (CaseFilter, '{"before": "2026-11-23T08:00:00"}', "before", "时间必须带时区"),
        (CaseFilter, '{"before": "0001-01-01T00:00:00+14:00"}', "before", "时间超出可用范围"),
        (CaseForm, '{"call_id": "a b"}', "call_id", "格式不正确，或含有不允许的字符"),
        (CaseForm, '{"confidential": "x"}', "confidential", "只能是 true 或 false"),
        (CaseForm, '{"body": "a\\u0000"}', "body", "格式不正确，或含有不允许的字符"),
    ],
)
def test_sentences(model: type[BaseModel], text: str, field: str, sentence: str) -> None:
    assert problems_of(model, text)[field] == sentence


@pytest.mark.parametrize("model", [CaseForm, Closing, SeatOrder, Credentials])
@pytest.mark.parametrize("text", ["[]", "{}", '{"x": {}}', '"a"', "1", "null", "true"])
def test_every_mistake_has_a_sentence_of_its_own(model: type[BaseModel], text: str) -> None:
    found = problems_of(model, text)
    assert found
    assert FALLBACK not in found.values()


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", '{"result": "\\ud800", "version": 1}'])
def test_malformed(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Closing.model_validate_json(text)
    assert malformed(caught.value)


def test_what_was_sent_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        Credentials.model_validate_json('{"login": "li", "password": ["secret"]}')
    assert "secret" not in str(field_problems(caught.value))


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (RedisDownError(), True),
        (TimeoutError(), True),
        (ConnectionRefusedError(), True),
        (asyncpg.CannotConnectNowError(), True),
        (asyncpg.TooManyConnectionsError(), True),
        (asyncpg.DiskFullError(), True),
        (asyncpg.AdminShutdownError(), True),
        (asyncpg.ReadOnlySQLTransactionError(), True),
        (asyncpg.InterfaceError("pool is closing"), True),
        (asyncpg.InternalClientError("cannot switch to state 11"), True),
        (asyncpg.DataError("not an integer"), False),
        (asyncpg.UndefinedTableError(), False),
        (asyncpg.UniqueViolationError(), False),
        (ValueError(), False),
        (KeyError(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_outages_and_mistakes_of_ours(error: Exception, outage: bool) -> None:
    problem = of_outage(error)
    assert (problem is not None) is outage
    if problem:
        assert problem.status == 503
        assert problem.headers["Retry-After"]


def test_document_describes_every_endpoint() -> None:
    described = document(API)
    assert described["openapi"] == "3.1.0"
    for each in API:
        operation = described["paths"][plain_path(each.path)][each.method.lower()]
        assert operation["summary"].endswith(".")
        assert str(each.status) in operation["responses"]
        if each.access != "public":
            assert operation["x-roles"] == sorted(each.access)


def test_document_refers_only_to_what_it_has() -> None:
    described = document(API)
    schemas = described["components"]["schemas"]
    references = set()

    def collect(part: object) -> None:
        if isinstance(part, dict):
            references.update(value for key, value in part.items() if key == "$ref")
            for value in part.values():
                collect(value)
        elif isinstance(part, list):
            for value in part:
                collect(value)

    collect(described)
    assert references == {f"#/components/schemas/{name}" for name in schemas}


def test_two_models_cannot_have_one_name() -> None:
    def make(kind: Any) -> Any:
        class Found(Answer):
            """Something."""

            what: kind

        @endpoint("GET", f"/{kind.__name__}", access="public", answer=Found)
        async def get_found(_inquiry: Inquiry[Nothing, Nothing]) -> Any:
            """Find it."""

        return get_found

    document([make(int)])
    with pytest.raises(ValueError, match="Found"):
        document([make(int), make(str)])


def test_operation_ids_are_unique() -> None:
    paths = document(API)["paths"].values()
    ids = [operation["operationId"] for path in paths for operation in path.values()]
    assert len(set(ids)) == len(ids)


def test_every_status_has_a_title() -> None:
    for path in document(API)["paths"].values():
        for operation in path.values():
            problems = {int(status) for status in operation["responses"]} - {
                101,
                200,
                201,
                202,
                204,
                206,
            }
            assert problems <= TITLES.keys()


def test_texts_that_are_received_are_trimmed() -> None:
    class Form(Strict):
        name: str

    assert Form(name="  李 ").name == "李"


def test_password_is_taken_as_it_is() -> None:
    taken = Credentials.model_validate_json('{"login": "li", "password": " a b "}')
    assert taken.password.get_secret_value() == " a b "


@endpoint("POST", "/file", access="public", answer=int, upload=2048)
async def post_file(inquiry: Inquiry[Nothing, Nothing]) -> int:
    """Count the bytes of a file."""
    return len(inquiry.upload)


async def test_a_file_is_taken_up_to_its_size() -> None:
    app = web.Application(middlewares=[answer_problems], client_max_size=64)
    app.router.add_route("POST", "/file", post_file.handle)
    async with TestClient(TestServer(app)) as client:
        for kind, size, status in (
            ("application/octet-stream", 2048, 200),
            ("application/octet-stream", 2049, 413),
            ("text/plain", 1, 415),
        ):
            data, headers = b"\0" * size, {"Content-Type": kind}
            async with client.post("/file", data=data, headers=headers) as answer:
                assert answer.status == status
                text = await answer.text()
                assert text == "2048" if status == 200 else "文件" in text


def test_a_file_is_described() -> None:
    posting = document([post_file])["paths"]["/file"]["post"]
    file = {"type": "string", "format": "binary", "maxLength": 2048}
    assert posting["requestBody"]["content"] == {"application/octet-stream": {"schema": file}}
    assert {"413", "415"} <= posting["responses"].keys()
