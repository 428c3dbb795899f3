"""Where webhooks may be sent."""

import pytest

from gateway.webhooks.addresses import Guard
from gateway.webhooks.errors import UrlRefusedError

STRICT = Guard.of((), ())
LENIENT = Guard.of(("Erp.Inside",), ("10.1.0.0/16", "fd00::/8"))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.1.2.3"),
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff0e::1"),
        *("2001:0:7f00:1::", "nonsense", ""),
    ],
)
def test_addresses_of_inside(address: str) -> None:
    assert not STRICT.permits(address)


def test_public_and_allowed_addresses() -> None:
    assert STRICT.permits("8.8.8.8")
    assert STRICT.permits("2400:3200::1")
    assert LENIENT.permits("10.1.2.3")
    assert LENIENT.permits("::ffff:10.1.2.3")
    assert LENIENT.permits("fd00::1")
    assert not LENIENT.permits("10.2.0.1")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hook.example/", "须使用 https"),
        ("ftp://hook.example/", "以 https:// 开头"),
        ("javascript:alert(1)", "以 https:// 开头"),
        ("https://", "以 https:// 开头"),
        ("hook.example", "以 https:// 开头"),
        ("https://user:word@hook.example/", "用户名、密码"),
        ("https://hook.example/#part", "# 片段"),
        ("https://10.0.0.1/", "内部网络"),
        ("https://[::1]/", "内部网络"),
        ("https://[::ffff:127.0.0.1]/", "内部网络"),
        ("https://hook.example:99999/", "不是合法的网址"),
        ("https://[hook/", "不是合法的网址"),
        ("https://hook.example/a b", "不含空格"),
        ("https://hook.example/\r\nX: y", "ASCII"),
        ("https://例子.example/", "ASCII"),
        ("https://hook.example/" + "x" * 500, "不超过 500"),
    ],
)
def test_urls_that_are_refused(url: str, why: str) -> None:
    with pytest.raises(UrlRefusedError, match=why):
        STRICT.check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://hook.example/in?token=1",
        "https://8.8.8.8:8443/",
        "http://erp.inside/hook",
        "http://ERP.inside:8080/hook",
        "https://10.1.9.9/",
    ],
)
def test_urls_that_are_accepted(url: str) -> None:
    LENIENT.check_url(url)
