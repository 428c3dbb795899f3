"""`/ws`: the live events of a person's role, after a handshake that knows the person."""

import json

from aiohttp import web

from gateway.auth import sessions
from gateway.auth.roles import EVERYONE, Person
from gateway.http.endpoint import Inquiry, Nothing, endpoint
from gateway.http.problems import Problem
from gateway.http.seat_api import seat_of
from gateway.http.services import LiveState
from gateway.http.sockets import CLOSE_TIMEOUT_S, Socket
from gateway.live import iso
from gateway.live_state import Fields, concerns
from gateway.masking import mask_data

HEARTBEAT_S = 20.0
MAX_INPUT = 4096


@endpoint(
    "GET", "/ws", access=EVERYONE, answer=None, status=101, problems=(403, 429), deadline_s=None
)
async def open_socket(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """WebSocket of live events, the first frame being ``hello`` with the present state."""
    request, hub = inquiry.request, inquiry.services.hub
    origin = request.headers.get("Origin", "")
    if not origin_allowed(origin, request.host, inquiry.settings.allowed_origins):
        raise Problem(403, "不允许从这个来源建立连接")
    page = web.WebSocketResponse(
        heartbeat=HEARTBEAT_S, timeout=CLOSE_TIMEOUT_S, compress=False, max_msg_size=MAX_INPUT
    )
    if not page.can_prepare(request):
        raise Problem(400, "这个地址只接受 WebSocket 连接")
    socket = Socket(inquiry.person, sessions.session_key(inquiry.token))
    if not hub.attach(socket):
        raise Problem(429, "这个登录已打开的页面过多，请先关闭一些")
    try:
        text = await hello(inquiry)  # after attaching, so that nothing falls in between
        if request.transport is None:
            raise ConnectionResetError("the page went away during the handshake")
        await page.prepare(request)
        await socket.serve(page, text, request.transport)
    finally:
        hub.detach(socket)
    return page


def origin_allowed(origin: str, host: str, more: tuple[str, ...]) -> bool:
    """Whether a page of ``origin`` may connect (CWE-1385): our own host, or one in ``more``.

    The scheme is not compared with ours, which a proxy that ends TLS changes.
    """
    own = {f"{scheme}://{host}".lower() for scheme in ("http", "https") if host}
    return origin in more or origin.lower() in own


async def hello(inquiry: Inquiry[Nothing, Nothing]) -> str:
    """The first frame: the person's seat and calls up, or all calls for an overseer."""
    services, person = inquiry.services, inquiry.person
    seat = await _seat(services.live, person)
    calls = [
        call for call in await services.live.calls() if person.oversees or _at_seat(call, seat)
    ]
    data = {"seat": seat, "calls": [mask_data(call) for call in calls]}
    frame = {"id": "hello", "name": "hello", "at": iso(services.clock()), "data": data}
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


async def _seat(state: LiveState, person: Person) -> Fields | None:
    if person.agent is None:
        return None
    name, agent = person.switchboard, person.agent
    seat = seat_of(name, agent, person.extension, await state.seat(name, agent))
    return seat.model_dump(mode="json")


def _at_seat(call: Fields, seat: Fields | None) -> bool:
    if seat is None:
        return False
    return concerns(call, seat["switchboard"], seat["agent"]) or call["call_id"] == seat["call_id"]


ENDPOINTS = (open_socket,)
