"""Signatures as Standard Webhooks has them."""

import base64
from datetime import UTC, datetime

import pytest

from gateway.webhooks.errors import SecretInvalidError
from gateway.webhooks.signing import headers, key_of, new_secret

# The vector that the convention's own libraries are tested with.
VECTOR_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VECTOR_AT = datetime.fromtimestamp(1614265330, UTC)


def test_the_vector_of_the_convention() -> None:
    sent = headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        [key_of(VECTOR_SECRET)],
        at=VECTOR_AT,
    )
    assert sent == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_two_secrets_make_two_signatures() -> None:
    keys = [key_of(new_secret()), key_of(VECTOR_SECRET)]
    one, other = headers("e:1", b"{}", keys, at=VECTOR_AT)["webhook-signature"].split(" ")
    assert one != other
    alone = headers("e:1", b"{}", keys[1:], at=VECTOR_AT)["webhook-signature"]
    assert other == alone


def test_dot_in_an_id_is_refused() -> None:
    with pytest.raises(ValueError, match="dot"):
        headers("case.opened", b"{}", [b"k" * 24], at=VECTOR_AT)


def test_new_secrets_differ_and_can_be_used() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(key_of(secret)) for secret in secrets} == {32}


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "geheim",
        base64.b64encode(b"k" * 32).decode(),
        "whsec_" + base64.b64encode(b"k" * 23).decode(),
        "whsec_" + base64.b64encode(b"k" * 65).decode(),
        "whsec_" + "!" * 40,
        "whsec_密钥密钥密钥密钥密钥密钥密钥密钥密钥密钥",
    ],
)
def test_bad_secrets(secret: str) -> None:
    with pytest.raises(SecretInvalidError, match="24 至 64 字节"):
        key_of(secret)
