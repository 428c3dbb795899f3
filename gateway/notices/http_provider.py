"""The provider that is a city's SMS gateway: a signed POST of JSON, as webhooks are signed."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from urllib.parse import urlsplit

from gateway.live import iso
from gateway.notices.provider import Message, NoticeProvider, Receipt, Verdict
from gateway.settings import Settings
from gateway.webhooks.addresses import Guard
from gateway.webhooks.sending import Reply, Sender, sending
from gateway.webhooks.signing import headers, key_of

# Whoever set the address decided where it is; what it says about TLS was checked then.
_EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
# The message itself is at fault. Every other failure may be the gateway's, or ours.
REFUSALS = frozenset({400, 422})


@dataclass(frozen=True, slots=True)
class HttpNoticeProvider:
    """Sends to ``url``, signed with ``secret`` (``whsec_…``)."""

    sender: Sender
    url: str
    secret: str

    @property
    def timeout_s(self) -> float:
        """For one attempt."""
        return self.sender.timeout_s

    async def send(self, message: Message, *, now: datetime) -> Receipt:
        """POST one message."""
        key, body = str(message.key), body_of(message)
        signed = headers(key, body, [key_of(self.secret)], at=now)
        reply = await self.sender.send(self.url, body, {**signed, "Idempotency-Key": key})
        return Receipt(
            verdict=_judge(reply),
            error=reply.failure,
            status=reply.status,
            excerpt=reply.excerpt,
            asked_s=reply.asked_s,
            duration_s=reply.duration_s,
        )


def body_of(message: Message) -> bytes:
    """What is sent: the same bytes for the same message."""
    content = {
        "id": str(message.key),
        "kind": message.kind,
        "case_no": message.case_no,
        "timestamp": iso(message.at),
        "to": message.number,
        "text": message.text,
    }
    return json.dumps(content, ensure_ascii=False).encode()


@asynccontextmanager
async def provider_of(settings: Settings) -> AsyncIterator[NoticeProvider | None]:
    """The provider that is set, for the time of the context; none when none is set."""
    if settings.notice_url is None or settings.notice_secret is None:
        yield None
        return
    host = urlsplit(settings.notice_url).hostname or ""
    guard = Guard(frozenset({host}), _EVERYWHERE)
    async with sending(guard, timeout_s=settings.notice_timeout_s) as sender:
        secret = settings.notice_secret.get_secret_value()
        yield HttpNoticeProvider(sender, settings.notice_url, secret)


def _judge(reply: Reply) -> Verdict:
    if reply.arrived:
        return Verdict.ACCEPTED
    return Verdict.REFUSED if reply.status in REFUSALS else Verdict.LATER
