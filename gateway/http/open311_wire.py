"""GeoReport v2 on the wire: forms in, JSON or XML out, errors as a list.

https://wiki.open311.org/GeoReport_v2: sections "Format Support" (the format is the extension of the
path), "Optional Arguments" (an empty value is as good as none) and "Errors". JSON is the XML by the
Spark convention: a container of repeated elements is an array.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

from aiohttp import web

from gateway.http.problems import Problem

ROOT = "/open311/v2"
FORM_TYPE = "application/x-www-form-urlencoded"
XML_TYPE = "text/xml"
FORMAT = "{format:json|xml}"
FIELDS_MAX = 100

# A container and what it repeats.
_REPEATED: Mapping[str, str] = {
    "services": "service",
    "service_requests": "request",
    "attributes": "attribute",
    "endpoints": "endpoint",
    "formats": "format",
    "errors": "error",
}
# Of XML 1.0 (section 2.2) these are no characters at all.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# "The HTTP error codes should always be 404 for resources that don't exist, 403 for errors because
# of wrong or missing api_key and basically 400 for any other error". What proxies and clients act
# upon (405, 429, 5xx) stays as it is.
_STATUSES: Mapping[int, int] = {401: 403, 413: 400, 415: 400, 422: 400}

Json = dict[str, Any]


def status_of(status: int) -> int:
    """The status that GeoReport v2 has for one of ours."""
    return _STATUSES.get(status, status)


async def form_of(request: web.Request) -> dict[str, str]:
    """The fields of a form that are filled in. Raises `Problem` 400 or 415."""
    if request.content_type != FORM_TYPE:
        raise Problem(415, f"请求体必须是表单（Content-Type: {FORM_TYPE}）")
    try:
        text = (await request.read()).decode()
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError:
        raise Problem(400, f"表单须是 UTF-8 编码，且不超过 {FIELDS_MAX} 个字段") from None
    return {name: value for name, value in pairs if value.strip()}


def query_of(request: web.Request) -> dict[str, str]:
    """The query parameters that are filled in; what is given several times is joined by commas."""
    given = {name: request.query.getall(name) for name in request.query}
    return {name: ",".join(filter(None, values)) for name, values in given.items() if any(values)}


def respond(request: web.Request, root: str, value: Any) -> web.Response:
    """``value`` (JSON's own types) in the format that the path asks for."""
    return _response(request, root, value, status=200, headers={})


def respond_problem(request: web.Request, problem: Problem) -> web.Response:
    """An error as the specification has it."""
    status = status_of(problem.status)
    errors = [{"code": status, "description": text} for text in _sentences(problem)]
    return _response(request, "errors", errors, status=status, headers=problem.headers)


def _sentences(problem: Problem) -> Sequence[str]:
    named = [f"{each.field}：{each.message}" for each in problem.errors]
    return named or [problem.detail]


def _response(
    request: web.Request, root: str, value: Any, *, status: int, headers: Mapping[str, str]
) -> web.Response:
    if request.path.endswith(".xml"):
        body, kind = as_xml(root, value), XML_TYPE
    else:
        body, kind = json.dumps(value, ensure_ascii=False).encode(), "application/json"
    return web.Response(
        status=status, body=body, content_type=kind, charset="utf-8", headers=headers
    )


def as_xml(root: str, value: Any) -> bytes:
    """``value`` as an XML document with its declaration."""
    document: bytes = ET.tostring(_element(root, value), encoding="utf-8", xml_declaration=True)
    return document


def _element(name: str, value: Any) -> ET.Element:
    element = ET.Element(name)
    if isinstance(value, Mapping):
        element.extend(_element(key, part) for key, part in value.items())
    elif isinstance(value, list):
        element.extend(_element(_REPEATED[name], part) for part in value)
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    elif value is not None:
        element.text = _NOT_XML.sub("", str(value))
    return element
