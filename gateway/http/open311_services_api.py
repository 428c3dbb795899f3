"""Open311 GeoReport v2 (C9): where it is, and which services there are, in JSON and XML.

https://wiki.open311.org/GeoReport_v2, https://wiki.open311.org/Service_Discovery
"""

from aiohttp import web

from gateway.http.endpoint import Inquiry, Nothing
from gateway.http.fields import CODE
from gateway.http.open311_answers import (
    DiscoveredEndpoint,
    Discovery,
    ServiceAnswer,
    ServiceDefinition,
    service_answer,
)
from gateway.http.open311_asking import admit, listed, open_service, open_services, reading
from gateway.http.open311_forms import Lenient
from gateway.http.open311_wire import ROOT, XML_TYPE, respond
from ticketing.service_requests import services_changed_at

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"


@reading("discovery", query=Lenient, answer=Discovery)
async def get_discovery(inquiry: Inquiry[Nothing, Lenient]) -> web.StreamResponse:
    """Where Open311 is, and whom to ask for a key."""
    await admit(inquiry)
    settings = inquiry.settings
    async with inquiry.services.database() as connection:
        changed = (await services_changed_at(connection)).isoformat(timespec="seconds")
    here = DiscoveredEndpoint(
        specification=SPECIFICATION,
        url=settings.open311_url or f"{inquiry.request.url.origin()}{ROOT}",
        changeset=changed,
        type="production" if settings.production else "test",
        formats=[XML_TYPE, "application/json"],
    )
    found = Discovery(
        changeset=changed,
        contact=settings.open311_contact,
        key_service=f"请联系 {settings.open311_contact} 申请密钥",
        endpoints=[here],
    )
    return respond(inquiry.request, "discovery", found.model_dump(mode="json"))


@reading("services", query=Lenient, answer=list[ServiceAnswer])
async def get_services(inquiry: Inquiry[Nothing, Lenient]) -> web.StreamResponse:
    """Services: the open sub-classes of cases."""
    await admit(inquiry)
    return listed(inquiry, "services", list(map(service_answer, await open_services(inquiry))))


@reading(f"services/{{service_code:{CODE}}}", query=Lenient, answer=ServiceDefinition)
async def get_service_definition(inquiry: Inquiry[Nothing, Lenient]) -> web.StreamResponse:
    """The form of a service, which has no fields of its own."""
    await admit(inquiry)
    service = open_service(await open_services(inquiry), inquiry.path("service_code"))
    definition = ServiceDefinition(service_code=service.code, attributes=[])
    return respond(inquiry.request, "service_definition", definition.model_dump(mode="json"))


ENDPOINTS = (get_discovery, get_services, get_service_definition)
