"""API keys of other systems: ``hk_PREFIX_SECRET``, shown once and never stored.

The prefix finds the row; of the whole key only its SHA-256 is kept. A slow hash, as passwords need
it, would protect nothing here: the secret has 256 random bits and cannot be guessed from its digest
(NIST SP 800-63B section 5.1.2 allows a plain hash from 112 bits on).
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum

PREFIX_LENGTH = 8
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # nothing that is read as something else
_KEY = re.compile(rf"hk_([a-z0-9]{{{PREFIX_LENGTH}}})_[A-Za-z0-9_-]{{43}}")


class KeyScope(StrEnum):
    """What a key may be used for."""

    INBOUND = "inbound"  # send cases over the API of our own
    OPEN311 = "open311"  # send service requests over Open311


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made; ``text`` goes to its owner and nowhere else."""

    text: str
    prefix: str
    digest: bytes


def new_key() -> NewKey:
    """A random key."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(PREFIX_LENGTH))
    text = f"hk_{prefix}_{secrets.token_urlsafe(32)}"
    return NewKey(text, prefix, _digest(text))


def prefix_of(text: str) -> str | None:
    """The prefix of what looks like a key, or ``None``."""
    found = _KEY.fullmatch(text)
    return found and found[1]


def matches(text: str, digest: bytes) -> bool:
    """Whether ``text`` is the key with this digest; takes the same time wherever they differ."""
    return hmac.compare_digest(_digest(text), digest)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
