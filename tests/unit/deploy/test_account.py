"""The account of the embedded PostgreSQL may pass through a directory, and nobody else gains."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.embedded.account import acl_of_mode, decode_acl, encode_acl, with_search

USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
NOBODY = 0xFFFFFFFF
PGSERVER = 999

BITS = st.integers(0, 7)
IDS = st.integers(1, 1000)


@st.composite
def acls(draw: st.DrawFn) -> dict[tuple[int, int], int]:
    acl = {(tag, NOBODY): draw(BITS) for tag in (USER_OBJ, GROUP_OBJ, OTHER)}
    acl |= {(USER, uid): draw(BITS) for uid in draw(st.sets(IDS, max_size=3))}
    acl |= {(GROUP, gid): draw(BITS) for gid in draw(st.sets(IDS, max_size=3))}
    if len(acl) > 3 or draw(st.booleans()):
        acl[MASK, NOBODY] = draw(BITS)
    return acl


def effective(acl: dict[tuple[int, int], int], key: tuple[int, int]) -> int:
    bits = acl.get(key, 0)
    return bits if key[0] in (USER_OBJ, OTHER) else bits & acl.get((MASK, NOBODY), 7)


@given(acls())
def test_only_the_account_gains(acl: dict[tuple[int, int], int]) -> None:
    after = with_search(acl, PGSERVER)
    assert effective(after, (USER, PGSERVER)) & 1
    others = [key for key in acl if key not in ((USER, PGSERVER), (MASK, NOBODY))]
    assert {key: effective(after, key) for key in others} == {
        key: effective(acl, key) for key in others
    }


@given(acls())
def test_written_list_reads_the_same(acl: dict[tuple[int, int], int]) -> None:
    assert decode_acl(encode_acl(acl)) == acl


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o711])
def test_mode_as_list(mode: int) -> None:
    acl = acl_of_mode(mode)
    assert acl[USER_OBJ, NOBODY] << 6 | acl[GROUP_OBJ, NOBODY] << 3 | acl[OTHER, NOBODY] == mode
