"""What Open311 answers: shapes of GeoReport v2 and Service Discovery, made from our own.

https://wiki.open311.org/GeoReport_v2, https://wiki.open311.org/Service_Discovery
"""

from datetime import datetime
from typing import Literal

from gateway.http.endpoint import Answer
from ticketing.service_requests import RequestStatus, Service, ServiceRequest
from ticketing.words import STATES


class DiscoveredEndpoint(Answer):
    """Where a version of the interface is; `formats` are its content types."""

    specification: str
    url: str
    changeset: str
    type: Literal["production", "test"]
    formats: list[str]


class Discovery(Answer):
    """What interfaces there are; a `changeset` sorts by time."""

    changeset: str
    contact: str
    key_service: str
    endpoints: list[DiscoveredEndpoint]


class ServiceAnswer(Answer):
    """A service: a sub-class of cases, `group` its class. There are no further form fields."""

    service_code: str
    service_name: str
    description: str
    metadata: bool
    type: Literal["realtime"]
    keywords: str
    group: str


class ServiceDefinition(Answer):
    """The further form fields of a service, of which there are none."""

    service_code: str
    attributes: list[str]


class CreatedRequest(Answer):
    """A service request that was opened."""

    service_request_id: str
    service_notice: str
    account_id: None


class TokenAnswer(Answer):
    """A token and what it stands for."""

    service_request_id: str
    token: str


class RequestAnswer(Answer):
    """A service request; coordinates are WGS84. What we do not keep is null."""

    service_request_id: str
    status: RequestStatus
    status_notes: str
    service_name: str | None
    service_code: str | None
    description: str
    agency_responsible: str | None
    service_notice: str | None
    requested_datetime: datetime
    updated_datetime: datetime
    expected_datetime: datetime | None
    address: str
    address_id: None
    zipcode: None
    lat: float | None
    long: float | None
    media_url: None


def service_answer(service: Service) -> ServiceAnswer:
    """A sub-class as a service."""
    return ServiceAnswer(
        service_code=service.code,
        service_name=service.name,
        description=f"{service.group}：{service.name}",
        metadata=False,
        type="realtime",
        keywords=f"{service.group},{service.name}",
        group=service.group,
    )


def request_answer(request: ServiceRequest) -> RequestAnswer:
    """A case as a service request."""
    return RequestAnswer(
        service_request_id=request.case_no,
        status=request.status,
        status_notes=STATES[request.state],
        service_name=None if request.service is None else request.service.name,
        service_code=None if request.service is None else request.service.code,
        description=request.description,
        agency_responsible=request.agency,
        service_notice=None,
        requested_datetime=request.opened_at,
        updated_datetime=request.updated_at,
        expected_datetime=request.expected_at,
        address=request.address,
        address_id=None,
        zipcode=None,
        lat=request.latitude,
        long=request.longitude,
        media_url=None,
    )
