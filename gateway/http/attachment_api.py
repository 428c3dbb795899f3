"""Files of cases (附件): uploaded, listed, downloaded, removed; seen by whoever sees the case."""

import asyncio
import hashlib
import uuid
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

import structlog
from aiohttp import web
from pydantic import Field

from gateway.attachment_files import AttachmentFiles
from gateway.auth.roles import CASE_STEPPERS, EVERYONE
from gateway.case_audience import audience_of
from gateway.http.actors import actor_of, as_problems
from gateway.http.case_events import tell_step
from gateway.http.case_sight import case_for
from gateway.http.case_step_api import CASE_PATH
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import PLAIN
from gateway.http.file_names import uploaded_name
from gateway.http.problems import Problem
from ticketing.attachments import attachments
from ticketing.attachments.attachments import Attachment
from ticketing.attachments.kinds import checked_name, media_type_of
from ticketing.steps import Taken

UPLOAD_MAX = 10 * 1024 * 1024
UPLOAD_DEADLINE_S = 120.0
REASON_MAX = 200
PATH = f"{CASE_PATH}/attachments"
ONE = f"{PATH}/{{attachment_id:[0-9a-f]{{32}}}}"

log = structlog.get_logger(__name__)


class AttachmentAnswer(Answer):
    """A file of a case; ``removable`` by whoever asks."""

    attachment_id: str
    name: str
    media_type: str
    bytes: int
    added_by: str
    added_at: datetime
    removable: bool


class Removal(Strict):
    """Why a file is removed."""

    reason: Annotated[str, Field(min_length=1, max_length=REASON_MAX), PLAIN]


@endpoint("GET", PATH, access=EVERYONE, answer=list[AttachmentAnswer], problems=(404,))
async def get_attachments(inquiry: Inquiry[Nothing, Nothing]) -> list[AttachmentAnswer]:
    """Files of a case, oldest first."""
    async with inquiry.services.database() as connection:
        case = await case_for(connection, inquiry.person, inquiry.path("case_no"))
        found = await attachments.attachments_of(connection, case.case_id)
    return [_answer(each, inquiry) for each in found]


@endpoint(
    "POST",
    PATH,
    access=CASE_STEPPERS,
    answer=AttachmentAnswer,
    status=201,
    problems=(404, 409, 422),
    upload=UPLOAD_MAX,
    deadline_s=UPLOAD_DEADLINE_S,
)
async def post_attachment(inquiry: Inquiry[Nothing, Nothing]) -> AttachmentAnswer:
    """Add a file to a case; its name, percent-encoded, is in the header X-File-Name."""
    services, person, files = inquiry.services, inquiry.person, AttachmentFiles.of(inquiry.settings)
    with as_problems():
        name = checked_name(uploaded_name(inquiry))
        media_type = await asyncio.to_thread(media_type_of, name, inquiry.upload)
    async with services.database() as connection:  # nothing is written for who may not
        case = await case_for(connection, person, inquiry.path("case_no"))
    added = Attachment(
        attachment_id=uuid.uuid4(),
        case_id=case.case_id,
        name=name,
        media_type=media_type,
        bytes=len(inquiry.upload),
        sha256=hashlib.sha256(inquiry.upload).hexdigest(),
        added_by=person.login,
        added_at=services.clock(),
    )
    await _write(files, added, inquiry.upload)
    try:
        async with services.database() as connection, connection.transaction():
            case = await case_for(connection, person, case.case_no)
            with as_problems():
                taken = await attachments.attach(connection, case, added, actor=actor_of(person))
            departments = await audience_of(connection, taken.case)
    except Problem:
        await files.remove(added.attachment_id)
        raise
    await _tell(inquiry, taken, departments)
    return _answer(added, inquiry)


@endpoint("GET", ONE, access=EVERYONE, answer=None, problems=(404, 503))
async def get_attachment(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """Download a file of a case; browsers keep it as a file and never show it as a page."""
    found = await _found(inquiry)
    files = AttachmentFiles.of(inquiry.settings)
    if not await files.is_there(found.attachment_id):
        log.error("attachment_lost", attachment=found.attachment_id.hex)
        raise Problem(503, "附件内容暂时无法读取，已记录，请联系管理员")
    headers = {
        "Content-Type": found.media_type,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
    }
    return web.FileResponse(files.path(found.attachment_id), headers=headers)


@endpoint(
    "POST",
    f"{ONE}/remove",
    access=CASE_STEPPERS,
    body=Removal,
    answer=None,
    status=204,
    problems=(404, 409),
)
async def remove_attachment(inquiry: Inquiry[Removal, Nothing]) -> web.StreamResponse:
    """Remove a file with a reason, which the history of the case keeps."""
    services, person = inquiry.services, inquiry.person
    attachment_id = uuid.UUID(inquiry.path("attachment_id"))
    async with services.database() as connection, connection.transaction():
        case = await case_for(connection, person, inquiry.path("case_no"))
        with as_problems():
            taken = await attachments.remove(
                connection,
                case,
                attachment_id,
                reason=inquiry.body.reason,
                actor=actor_of(person),
                now=services.clock(),
            )
        departments = await audience_of(connection, taken.case)
    try:
        await AttachmentFiles.of(inquiry.settings).remove(attachment_id)
    except OSError as error:  # `clean_attachments` sees to it
        log.warning("attachment_left", error=type(error).__name__)
    await _tell(inquiry, taken, departments)
    return remove_attachment.respond(None)


async def _write(files: AttachmentFiles, added: Attachment, content: bytes) -> None:
    try:
        await files.write(added.attachment_id, content)
    except OSError:
        log.exception("attachment_not_written")
        raise Problem(503, "附件存储暂时不可用，请稍后重试") from None


async def _found(inquiry: Inquiry[Any, Any]) -> Attachment:
    attachment_id = uuid.UUID(inquiry.path("attachment_id"))
    async with inquiry.services.database() as connection:
        case = await case_for(connection, inquiry.person, inquiry.path("case_no"))
        with as_problems():
            return await attachments.find_attachment(connection, case.case_id, attachment_id)


async def _tell(inquiry: Inquiry[Any, Any], taken: Taken, departments: set[str]) -> None:
    await tell_step(inquiry.services, taken.step, taken.row, taken.case, departments)


def _answer(attachment: Attachment, inquiry: Inquiry[Any, Any]) -> AttachmentAnswer:
    return AttachmentAnswer(
        attachment_id=attachment.attachment_id.hex,
        name=attachment.name,
        media_type=attachment.media_type,
        bytes=attachment.bytes,
        added_by=attachment.added_by,
        added_at=attachment.added_at,
        removable=attachments.may_remove(attachment, actor_of(inquiry.person)),
    )


ENDPOINTS = (get_attachments, post_attachment, get_attachment, remove_attachment)
