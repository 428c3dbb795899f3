"""The OpenAPI 3.1 document of the endpoints, made from what they declare."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from gateway.auth.sessions import COOKIE
from gateway.http.endpoint import UPLOAD_TYPE, Endpoint, Nothing
from gateway.http.middleware import FORGERY_HEADER, SAFE_METHODS
from gateway.http.problems import CONTENT_TYPE, TITLES

REF = "#/components/schemas/{model}"
_PATH_PART = re.compile(r"{(\w+)(?::((?:[^{}]|{[^{}]*})+))?}")

Json = dict[str, Any]

PROBLEM: Json = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


def document(endpoints: Sequence[Endpoint]) -> Json:
    """Describe ``endpoints``; raises `ValueError` when two of their models have one name."""
    schemas: Json = {"Problem": PROBLEM}
    paths: Json = {}
    for endpoint in endpoints:
        paths.setdefault(plain_path(endpoint.path), {})[endpoint.method.lower()] = _operation(
            endpoint, schemas
        )
    return {
        "openapi": "3.1.0",
        "info": {"title": "12345 hotline gateway", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": COOKIE}},
        },
    }


def plain_path(path: str) -> str:
    """A path of aiohttp without the patterns of its parts."""
    return _PATH_PART.sub(r"{\1}", path)


def _operation(endpoint: Endpoint, schemas: Json) -> Json:
    operation: Json = {
        "operationId": getattr(endpoint.handler, "__name__", ""),
        "summary": (endpoint.handler.__doc__ or "").partition("\n")[0],
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint, schemas)],
        "responses": _responses(endpoint, schemas),
    }
    if endpoint.method not in SAFE_METHODS:
        operation["parameters"].append(
            {
                "name": FORGERY_HEADER,
                "in": "header",
                "required": True,
                "schema": {"type": "string", "const": "1"},
            }
        )
    if endpoint.body is not Nothing:
        schema = _schema(TypeAdapter(endpoint.body), "validation", schemas)
        content = {"application/json": {"schema": schema}}
        operation["requestBody"] = {"required": True, "content": content}
    elif endpoint.upload is not None:
        file = {"type": "string", "format": "binary", "maxLength": endpoint.upload}
        content = {UPLOAD_TYPE: {"schema": file}}
        operation["requestBody"] = {"required": True, "content": content}
    if endpoint.access != "public":
        operation["security"] = [{"session": []}]
        operation["x-roles"] = sorted(endpoint.access)
    return operation


def _responses(endpoint: Endpoint, schemas: Json) -> Json:
    success: Json = {"description": "done"}
    if endpoint.answer is not None:
        schema = _schema(endpoint.answer, "serialization", schemas)
        success["content"] = {"application/json": {"schema": schema}}
    statuses = {*endpoint.problems, 500, 503}
    if endpoint.access != "public":
        statuses |= {401, 403}
    if endpoint.method not in SAFE_METHODS:
        statuses |= {403}
    if endpoint.body is not Nothing:
        statuses |= {400, 413, 415, 422}
    if endpoint.upload is not None:
        statuses |= {413, 415}
    if endpoint.query is not Nothing:
        statuses |= {422}
    if _PATH_PART.search(endpoint.path):
        statuses |= {404}
    problem = {CONTENT_TYPE: {"schema": {"$ref": REF.format(model="Problem")}}}
    responses = {str(status): success for status in (endpoint.status, *endpoint.other_statuses)}
    for status in sorted(statuses):
        described = {"description": TITLES[status], "content": problem}
        responses.setdefault(str(status), described)
    return responses


def _path_parameters(endpoint: Endpoint) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": f"^{pattern or '[^/]+'}$"},
        }
        for name, pattern in _PATH_PART.findall(endpoint.path)
    ]


def _query_parameters(endpoint: Endpoint, schemas: Json) -> list[Json]:
    schema: Json = endpoint.query.model_json_schema(ref_template=REF)
    _add(schemas, schema.pop("$defs", {}))
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": field}
        for name, field in schema.get("properties", {}).items()
    ]


def _schema(adapter: TypeAdapter[Any], mode: Any, schemas: Json) -> Json:
    """The schema of a model, by reference, with all it refers to put into ``schemas``."""
    schema: Json = adapter.json_schema(mode=mode, ref_template=REF)
    _add(schemas, schema.pop("$defs", {}))
    name = schema.get("title")  # models carry their name, lists of them have none
    if name is None:
        return schema
    _add(schemas, {name: schema})
    return {"$ref": REF.format(model=name)}


def _add(schemas: Json, added: Json) -> None:
    """Raises `ValueError` for two models with one name: a reference could not tell them apart."""
    for name, schema in added.items():
        if schemas.setdefault(name, schema) != schema:
            raise ValueError(f"two models of the API are called {name}")
