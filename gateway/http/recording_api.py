"""Recordings (录音): a short-lived link for one person, audited before it is given, and the sound.

A link is of the person who asked for it: to anybody else it is one whose time is over.
"""

import structlog
from aiohttp import web

from gateway.auth.roles import CASE_WORKERS
from gateway.http.auditing import record_change
from gateway.http.call_api import call_for
from gateway.http.citizen_api import CALL_PATH
from gateway.http.endpoint import Answer, Inquiry, Nothing, endpoint
from gateway.http.problems import Problem
from gateway.http.recording_sight import may_hear, recording_of, uniqueid_of
from gateway.recording_links import Link, find_link, lifetime_s, make_link
from gateway.recordings import MEDIA_TYPE, Recording, Recordings, RecordingsAwayError
from ticketing.cases import case_of_call

ACTION = "call.play_recording"
PATH = "/api/v1/recordings"

log = structlog.get_logger(__name__)


class RecordingLink(Answer):
    """Where the sound is for ``lasts_s`` seconds, for whoever asked alone."""

    url: str
    lasts_s: int
    duration_s: float


@endpoint(
    "POST",
    f"{CALL_PATH}/recording",
    access=CASE_WORKERS,
    answer=RecordingLink,
    problems=(404, 409),
)
async def post_recording(inquiry: Inquiry[Nothing, Nothing]) -> RecordingLink:
    """A link to the recording of a call; the audit log has who asked before there is one."""
    services, person, call_id = inquiry.services, inquiry.person, inquiry.path("call_id")
    async with services.database() as connection:
        call = await call_for(services, connection, person, call_id)
        case = await case_of_call(connection, call_id)
    if not may_hear(call, case, person):
        raise Problem(
            403, "录音只给值班长和参与通话的坐席收听；工单要求保密的，只给能查看该工单的人"
        )
    if call["ended_at"] is None:
        raise Problem(409, "通话还没有结束，结束后才能听录音")
    try:
        recording = await recording_of(inquiry, call)
    except RecordingsAwayError as error:
        raise _away(error) from None
    if recording is None:
        raise Problem(404, "这次通话没有录音：没有人接听，或者已过保存期限")
    async with services.database() as connection:
        await record_change(inquiry, connection, ACTION, call_id, {})
    link = Link(user_id=person.user_id, switchboard=call["switchboard"], uniqueid=uniqueid_of(call))
    lasts_s = lifetime_s(recording)
    link_id = await make_link(services.redis, link, lasts_s=lasts_s)
    duration_s = round(recording.duration_s, 1)
    return RecordingLink(url=f"{PATH}/{link_id}", lasts_s=lasts_s, duration_s=duration_s)


@endpoint(
    "GET",
    f"{PATH}/{{link_id:[0-9a-f]{{32}}}}",
    access=CASE_WORKERS,
    answer=None,
    other_statuses=(206,),
    problems=(404, 410),
    files=(MEDIA_TYPE,),
)
async def get_recording(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """The sound, or the part of it that the header Range asks for."""
    link = await find_link(inquiry.services.redis, inquiry.path("link_id"))
    if link is None or link.user_id != inquiry.person.user_id:
        raise Problem(404, "播放链接已失效，请重新点击“听录音”")
    recording = await _found(inquiry, link)
    if recording is None:
        raise Problem(410, "录音文件已不在：可能已过保存期限")
    headers = {"Content-Type": MEDIA_TYPE, "Content-Disposition": "inline"}
    return web.FileResponse(recording.path, headers=headers)


async def _found(inquiry: Inquiry[Nothing, Nothing], link: Link) -> Recording | None:
    try:
        return await Recordings.of(inquiry.settings).find(link.switchboard, link.uniqueid)
    except RecordingsAwayError as error:
        raise _away(error) from None


def _away(error: RecordingsAwayError) -> Problem:
    log.error("recordings_away", error=str(error))
    return Problem(503, "录音暂时无法读取，请稍后重试")


ENDPOINTS = (post_recording, get_recording)
