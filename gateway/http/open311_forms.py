"""What Open311 is asked: queries and the form of a new service request.

Names, limits and defaults are those of https://wiki.open311.org/GeoReport_v2. Parameters that it
does not know are ignored: clients send extensions of other cities to every city.
"""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from gateway.http.fields import CASE_NO, CODE, PLAIN, Instant
from gateway.http.inbound_api import Latitude, Longitude
from ticketing.case import ADDRESS_MAX, BODY_MAX
from ticketing.service_requests import RequestStatus

MANY = 100
URL_MAX = 500
_TRUE = {"1": True, "true": True, "0": False, "false": False}


def _parts(text: Any) -> Any:
    return [part.strip() for part in text.split(",")] if isinstance(text, str) else text


def _zoned(text: Any) -> Any:
    """A ``+`` that was not escaped in a query arrives as a space."""
    return re.sub(r" (?=[0-9]{2}:[0-9]{2}$)", "+", text) if isinstance(text, str) else text


def _flag(text: Any) -> Any:
    return _TRUE.get(text.lower(), text) if isinstance(text, str) else text


Numbers = Annotated[
    tuple[Annotated[str, Field(pattern=f"^{CASE_NO}$")], ...],
    BeforeValidator(_parts, json_schema_input_type=str),
    Field(max_length=MANY),
]
Codes = Annotated[
    tuple[Annotated[str, Field(pattern=f"^{CODE}$")], ...],
    BeforeValidator(_parts, json_schema_input_type=str),
    Field(max_length=MANY),
]
Statuses = Annotated[
    tuple[RequestStatus, ...],
    BeforeValidator(_parts, json_schema_input_type=str),
    Field(max_length=MANY),
]
Time = Annotated[Instant, BeforeValidator(_zoned, json_schema_input_type=str)]
Flag = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=str)]


class Lenient(BaseModel):
    """Base of everything that Open311 is asked."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)

    jurisdiction_id: Annotated[str, Field(max_length=64)] = ""


class RequestQuery(Lenient):
    """Which service requests; ``service_request_id`` overrides all others."""

    service_request_id: Numbers = ()
    service_code: Codes = ()
    start_date: Time | None = None
    end_date: Time | None = None
    status: Statuses = ()


class RequestForm(Lenient):
    """A new service request; a place is needed in one of three ways.

    ``public`` is ours: the citizen agreed that text and place are shown. ``api_key`` is taken here
    for clients that cannot set the header. Name, e-mail, device and account are not kept.
    """

    api_key: Annotated[str, Field(max_length=128)] = ""
    service_code: Annotated[str, Field(max_length=64)]
    description: Annotated[str, Field(max_length=BODY_MAX), PLAIN] = ""
    lat: Latitude | None = None
    long: Longitude | None = None
    address_string: Annotated[str, Field(max_length=ADDRESS_MAX), PLAIN] = ""
    address_id: Annotated[str, Field(max_length=64), PLAIN] = ""
    phone: Annotated[str, Field(max_length=32), PLAIN] = ""
    media_url: Annotated[str, Field(max_length=URL_MAX, pattern=r"^https?://[\x21-\x7e]+$")] = ""
    public: Flag = False

    @property
    def address(self) -> str:
        """The place in words; coordinates alone are told as they are, or nobody would see them."""
        if self.address_string:
            return self.address_string
        if self.address_id:
            return f"地址编码 {self.address_id}"
        if self.lat is None or self.long is None:
            return ""
        return f"{self.lat:.6f}, {self.long:.6f}（WGS84 纬度、经度）"

    def body(self, service_name: str) -> str:
        """The text of the case."""
        text = self.description or service_name
        return f"{text}\n\n附件：{self.media_url}" if self.media_url else text
