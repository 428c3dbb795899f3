"""Passwords (FAULTS security 16, 22)."""

import time

import pytest

from gateway.auth.passwords import _NOBODY, hash_password, random_password, verify_password
from gateway.auth.roles import Role
from gateway.errors import UserError
from gateway.users import NewUser


async def test_hash_and_verify() -> None:
    encoded = await hash_password("correct horse battery")
    assert encoded.startswith("$argon2id$")
    assert await verify_password(encoded, "correct horse battery")
    assert not await verify_password(encoded, "wrong horse battery")
    assert not await verify_password("not a hash", "correct horse battery")
    assert not await verify_password(None, "correct horse battery")


async def test_unknown_login_costs_what_a_known_one_costs() -> None:
    encoded = await hash_password("correct horse battery")
    assert encoded.split("$")[:4] == _NOBODY.split("$")[:4]  # algorithm, version, parameters

    async def cost_s(stored: str | None) -> float:
        started = time.process_time()
        await verify_password(stored, "wrong horse battery")
        return time.process_time() - started

    known = min([await cost_s(encoded) for _ in range(3)])
    unknown = min([await cost_s(None) for _ in range(3)])
    assert 0.5 < unknown / known < 2


def test_random_passwords_differ() -> None:
    assert len({random_password() for _ in range(100)}) == 100
    assert len(random_password()) == 20


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"login": "Li"}, "login"),
        ({"login": "l"}, "login"),
        ({"login": "li\n"}, "login"),
        ({"display_name": ""}, "display name"),
        ({"agent": None}, "agent"),
        ({"extension": None}, "extension"),
        ({"agent": "10a"}, "agent number"),
        ({"extension": "1"}, "extension"),
        ({"agent": "1001\r"}, "agent number"),
    ],
)
def test_users_that_cannot_be(changed: dict[str, str | None], word: str) -> None:
    fields = {"login": "li", "display_name": "李", "agent": "1001", "extension": "81001"} | changed
    with pytest.raises(UserError, match=word):
        NewUser(role=Role.AGENT, **fields).check()  # type: ignore[arg-type]
