"""Signatures of webhooks as Standard Webhooks 1.0.0 has them.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md:
HMAC-SHA256 over ``id.timestamp.body``, in base64 after ``v1,``; several are parted by a space.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from gateway.webhooks.errors import SecretInvalidError

PREFIX = "whsec_"
BYTES = 32
# The convention's own limits.
BYTES_MIN, BYTES_MAX = 24, 64


def new_secret() -> str:
    """A random secret, as it is told to whoever receives."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The bytes of ``secret``; raises `SecretInvalidError` with the form it must have."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not BYTES_MIN <= len(key) <= BYTES_MAX:
        raise SecretInvalidError(
            f"密钥须为 {PREFIX} 加 Base64，内容 {BYTES_MIN} 至 {BYTES_MAX} 字节；留空则自动生成"
        )
    return key


def headers(event_id: str, body: bytes, keys: Sequence[bytes], *, at: datetime) -> dict[str, str]:
    """The headers that go with ``body`` when it is sent at ``at``: one signature per key.

    ``event_id`` holds no dot, so that nobody can shift what belongs to which part.
    """
    if "." in event_id:
        raise ValueError("the id of an event must not contain a dot")
    timestamp = str(int(at.timestamp()))
    signed = f"{event_id}.{timestamp}.".encode() + body
    signatures = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(
            f"v1,{base64.b64encode(signature).decode()}" for signature in signatures
        ),
    }
