"""Password hashes: argon2id with the parameters of RFC 9106 section 4 (second choice, 64 MiB).

Hashing takes tens of milliseconds by intention, so it always runs in a thread.
"""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 10
MAX_LENGTH = 128  # hashing must not become a way to keep us busy

_HASHER = PasswordHasher()

# Verified for a login that does not exist, so that it takes as long as one that does. It is the
# hash of random bytes that nobody kept.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$"
    "CPyJK3Auia5a3pL86wyr6g$vFic4Oje4EsGHUDyMuyyQZkR460M1lKRLJ/F/T2C6Rk"
)


def random_password() -> str:
    """A password for a first login: 120 bits, typeable."""
    return secrets.token_urlsafe(15)


async def hash_password(password: str) -> str:
    """The encoded hash of ``password``."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def verify_password(encoded: str | None, password: str) -> bool:
    """Whether ``password`` matches; ``None`` (no such login) takes the same time and is false."""
    matches = await asyncio.to_thread(_matches, encoded or _NOBODY, password)
    return matches and encoded is not None


def _matches(encoded: str, password: str) -> bool:
    try:
        return _HASHER.verify(encoded, password)
    except (VerificationError, InvalidHashError):
        return False
