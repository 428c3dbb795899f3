"""Where webhooks may be sent (SSRF): https, no addresses of inside, unless settings allow them."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self
from urllib.parse import urlsplit

from gateway.webhooks.errors import UrlRefusedError

URL_MAX = 500
Address = IPv4Address | IPv6Address
# Those that carry an IPv4 address: NAT64 (RFC 6052, 8215), 6to4 (RFC 3056), Teredo (RFC 4380).
_CARRIERS = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))


@dataclass(frozen=True, slots=True)
class Guard:
    """``http_hosts`` may be sent to without TLS, ``networks`` although they are not public."""

    http_hosts: frozenset[str]
    networks: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def of(cls, http_hosts: Iterable[str], networks: Iterable[str]) -> Self:
        """From the settings; raises `ValueError` for what is no network."""
        hosts = frozenset(host.lower() for host in http_hosts)
        return cls(hosts, tuple(ip_network(each) for each in networks))

    def permits(self, address: str) -> bool:
        """Whether something may be sent to this address."""
        try:
            ip: Address = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        ip = getattr(ip, "ipv4_mapped", None) or ip
        if any(ip in network for network in self.networks):
            return True
        carried = any(ip in network for network in _CARRIERS)
        return ip.is_global and not ip.is_multicast and not carried

    def check_url(self, url: str) -> None:
        """Raise `UrlRefusedError`, with the reason, for what is no acceptable destination.

        What a name stands for is looked at when something is sent (`sending.GuardedResolver`).
        """
        if len(url) > URL_MAX or not url.isascii() or not url.isprintable() or " " in url:
            raise UrlRefusedError(f"地址须为不超过 {URL_MAX} 个字符的 ASCII 网址，不含空格")
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname, parts.port
        except ValueError:
            raise UrlRefusedError("地址不是合法的网址") from None
        if parts.scheme not in {"https", "http"} or not host:
            raise UrlRefusedError("地址须以 https:// 开头，并含有主机名")
        if parts.scheme == "http" and host not in self.http_hosts:
            raise UrlRefusedError("地址须使用 https；只有设置中列明的主机可以使用 http")
        if "@" in parts.netloc or parts.fragment:
            raise UrlRefusedError("地址不能含有用户名、密码或 # 片段")
        if _is_address(host) and not self.permits(host):
            raise UrlRefusedError("地址指向内部网络，设置中未允许")


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
