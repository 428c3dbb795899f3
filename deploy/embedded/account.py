"""PostgreSQL refuses to run as root: the account it runs as then, and what that account may reach.

The account needs to pass through the directories above the data and above the installed binaries,
and a checkout under ``/root`` (mode 0700) bars the way. Opening such a directory to everyone would
be too much, so the one account is given the right to pass (``x``) by an access control list.
"""

import errno
import os
import pwd
import shutil
import struct
import subprocess
from pathlib import Path

from deploy.embedded.errors import EmbeddedServerError

ACCOUNT = "pgserver"
Account = pwd.struct_passwd

# Layout and tags of the attribute: Linux include/uapi/linux/posix_acl{,_xattr}.h
_ATTRIBUTE = "system.posix_acl_access"
_VERSION = struct.pack("<I", 2)
_ENTRY = struct.Struct("<HHI")
_USER_OBJ, _USER, _GROUP_OBJ, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_NO_ID = 0xFFFFFFFF
_SEARCH = 1

Acl = dict[tuple[int, int], int]
"""Permission bits by (tag, uid or gid)."""


def decode_acl(raw: bytes) -> Acl:
    """Read the value of ``system.posix_acl_access``."""
    return {(tag, who): bits for tag, bits, who in _ENTRY.iter_unpack(raw[len(_VERSION) :])}


def encode_acl(acl: Acl) -> bytes:
    """Write the value of ``system.posix_acl_access``; the kernel wants the entries in tag order."""
    return _VERSION + b"".join(
        _ENTRY.pack(tag, bits, who) for (tag, who), bits in sorted(acl.items())
    )


def acl_of_mode(mode: int) -> Acl:
    """The list that says the same as plain permission bits."""
    shifts = ((_USER_OBJ, 6), (_GROUP_OBJ, 3), (_OTHER, 0))
    return {(tag, _NO_ID): mode >> shift & 7 for tag, shift in shifts}


def with_search(acl: Acl, uid: int) -> Acl:
    """The same list, in which `uid` may also pass through the directory and nobody gains more.

    The mask caps every named entry and the group; where it has to grow for ``x``, the group loses
    what the mask used to keep from it.
    """
    granted = dict(acl)
    mask = acl.get((_MASK, _NO_ID), acl[_GROUP_OBJ, _NO_ID])
    for key, bits in acl.items():
        if key[0] not in (_USER_OBJ, _MASK, _OTHER):
            granted[key] = bits & mask
    granted[_USER, uid] = granted.get((_USER, uid), 0) | _SEARCH
    granted[_MASK, _NO_ID] = mask | _SEARCH
    return granted


def ensure_account() -> Account:
    """The account PostgreSQL runs as when we are root, made as a system account if absent.

    Raises `EmbeddedServerError` when it cannot be made.
    """
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    useradd = shutil.which("useradd")
    if useradd is None:
        raise EmbeddedServerError(
            f"PostgreSQL does not run as root, and there is no useradd to make {ACCOUNT}; "
            "start as an ordinary user or set HOTLINE_DATABASE_URL"
        )
    command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise EmbeddedServerError(
            f"the account {ACCOUNT}, as which PostgreSQL runs when we are root, could not be made: "
            f"{made.stderr.strip()}"
        )
    return pwd.getpwnam(ACCOUNT)


def let_pass(path: Path, account: Account) -> None:
    """Let the account pass through every directory above `path` that bars its way.

    Raises `EmbeddedServerError` when the file system keeps no access control lists.
    """
    for directory in path.resolve().parents:
        status = directory.stat()
        if status.st_mode & 0o001 or _may_pass(directory, account.pw_uid):
            continue
        try:
            acl = with_search(_read_acl(directory), account.pw_uid)
            os.setxattr(directory, _ATTRIBUTE, encode_acl(acl))
        except OSError as error:
            raise EmbeddedServerError(
                f"PostgreSQL runs as {account.pw_name}, which may not pass through {directory} "
                f"({error.strerror}); put the program under /opt or /srv, start it as an ordinary "
                "user, or set HOTLINE_DATABASE_URL"
            ) from None


def _read_acl(directory: Path) -> Acl:
    try:
        return decode_acl(os.getxattr(directory, _ATTRIBUTE))
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        return acl_of_mode(directory.stat().st_mode)


def _may_pass(directory: Path, uid: int) -> bool:
    status = directory.stat()
    if status.st_uid == uid:
        return bool(status.st_mode & 0o100)
    try:
        acl = decode_acl(os.getxattr(directory, _ATTRIBUTE))
    except OSError:
        return False
    return bool(acl.get((_USER, uid), 0) & acl.get((_MASK, _NO_ID), 7) & _SEARCH)
