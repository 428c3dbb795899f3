"""Where notices may be posted to, and how that is signed: a bad setting is named, never shown."""

import pytest

from gateway.engines import session_of
from gateway.errors import SettingsError
from gateway.settings import load_settings

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
URL = "https://sms.example/send?account=12"


@pytest.mark.parametrize("url", [URL, "http://127.0.0.1:9000/", "http://[::1]:9000/x"])
def test_gateway_that_may_be_set(url: str) -> None:
    settings = load_settings(notice_url=url, notice_secret=SECRET)
    assert session_of(settings)["hotline.notices"] == "on"


def test_none_is_set() -> None:
    settings = load_settings()
    assert settings.notice_url is None
    assert session_of(settings)["hotline.notices"] == "off"


@pytest.mark.parametrize(
    ("url", "secret", "words"),
    [
        (URL, None, "notice_url and notice_secret must be set together"),
        (None, SECRET, "notice_url and notice_secret must be set together"),
        ("http://sms.example/", SECRET, "notice_url: must begin with https://"),
        ("ftp://sms.example/", SECRET, "notice_url: must begin with https://"),
        ("https://", SECRET, "notice_url: must look like https://host/path"),
        ("https://a b/", SECRET, "notice_url: must look like https://host/path"),
        ("https://sms.example:x/", SECRET, "notice_url: must look like https://host/path"),
        ("https://a:b@sms.example/", SECRET, "notice_url: must hold neither a user"),
        ("https://sms.example/#x", SECRET, "notice_url: must hold neither a user"),
        (URL, "geheim", "notice_secret: must be whsec_ and base64 of 24 to 64 bytes"),
    ],
)
def test_gateway_that_may_not(url: str | None, secret: str | None, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(notice_url=url, notice_secret=secret)
    assert words in str(caught.value)
    assert "geheim" not in str(caught.value)
