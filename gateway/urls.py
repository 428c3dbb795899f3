"""The URLs among the settings: what each must look like, and what the AMI one says.

No message repeats a URL, because it holds a secret.
"""

import re
import ssl
from ipaddress import ip_network
from urllib.parse import unquote, urlsplit

from redis.asyncio.connection import parse_url

from telephony.ami.client import Endpoint

MIN_SECRET = 12
_POSTGRES = (("postgresql", "postgres"), "postgresql://user:secret@host:5432/name")
_FORMS = {
    "database_url": _POSTGRES,
    "records_url": _POSTGRES,
    "redis_url": (("redis", "rediss", "unix"), "redis://:secret@host:6379/0"),
    "ami_url": (("ami", "amis"), "ami://user:secret@host:5038, or amis:// for TLS"),
}
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:]*)(:[0-9]{1,5})?")


def check_url(name: str, url: str, *, production: bool) -> None:
    """Raise `ValueError` with the allowed form when ``url`` cannot be one of setting ``name``.

    In production a secret in it has at least `MIN_SECRET` characters, and AMI must have one.
    """
    schemes, form = _FORMS[name]
    if not _well_formed(name, url, schemes):
        raise ValueError(f"must look like {form}; write @ : / # ? % in a secret as %40 %3A …")
    secret = urlsplit(url).password
    if production and len(secret or "") < MIN_SECRET and (secret is not None or name == "ami_url"):
        raise ValueError(f"production needs a secret of {MIN_SECRET} characters or more in {name}")


def _well_formed(name: str, url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    hosts = parts.netloc.rpartition("@")[2].split(",")
    if parts.scheme not in schemes or parts.fragment or not all(map(_HOST.fullmatch, hosts)):
        return False
    if name == "ami_url":
        return bool(parts.hostname and parts.username and parts.path in {"", "/"})
    return name != "redis_url" or _is_redis(url, parts.path)


def _is_redis(url: str, path: str) -> bool:
    """Whether redis-py understands all of it: a path that names no database it would ignore."""
    try:
        parse_url(url)
    except ValueError:
        return False
    return url.startswith("unix:") or path.removeprefix("/").isdigit() or path in {"", "/"}


def check_notice_url(url: str) -> None:
    """Raise `ValueError` with the allowed form when no notices can be posted to ``url``.

    Telephone numbers go there: without TLS only to a program on the same machine.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("must look like https://host/path")
    if parts.scheme != "https" and (parts.scheme != "http" or host not in _LOOPBACK):
        raise ValueError("must begin with https://; http:// only to 127.0.0.1 or [::1]")
    if "@" in parts.netloc or parts.fragment:
        raise ValueError("must hold neither a user, nor a password, nor a # fragment")


def ami_endpoint(url: str) -> Endpoint:
    """Where and as whom to log in, out of a URL that `check_url` accepts."""
    parts = urlsplit(url)
    tls = ssl.create_default_context() if parts.scheme == "amis" else None
    return Endpoint(
        host=parts.hostname or "",
        username=unquote(parts.username or ""),
        secret=unquote(parts.password or ""),
        port=parts.port or (5039 if tls else 5038),
        tls=tls,
    )


def check_networks(networks: tuple[str, ...]) -> tuple[str, ...]:
    """``networks`` as they are; raises `ValueError` for what is no address and no network."""
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise ValueError(f"must be addresses or networks (10.1.0.0/16): {error}") from None
    return networks
