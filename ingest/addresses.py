"""Which addresses may be fetched: the open web only, checked where the connection is made.

Every host is resolved here, every one of its addresses is judged, and the connection goes to the very address that was
judged: a name that answers differently the second time (DNS rebinding) gains nothing. The TLS handshake and the Host
header still carry the name. Redirects come through here like any other request.
"""

import ipaddress
import re
import socket
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

_NUMERAL = re.compile(r"\d+|0x[0-9a-f]+")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressError(Exception):
    """An address that is not fetched; the text is the whole message."""


def check_url(url: str) -> None:
    """Refuses what is no plain web address (other schemes, no host, credentials in the address)."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError(f"{url} is no valid address: {error}.") from error
    if parts.scheme not in ("http", "https") or not host:
        raise AddressError(f"{url} is no http:// or https:// address.")
    if parts.username or parts.password:
        raise AddressError(f"The address of {host} carries a user name or password; such addresses are not fetched.")
    if port == 0:
        raise AddressError(f"{url} is no valid address: port 0.")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet; forms that hide an IPv4 address are looked through."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        hidden = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            hidden = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if hidden is not None:
            return is_public(str(hidden))
    return ip.is_global and not ip.is_multicast


def resolve(host: str, port: int, allow_private: bool = False) -> str:
    """The address to connect to; `AddressError` if any of the host's addresses is private, `OSError` if it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    private = next((address for address in addresses if not is_public(address)), None)
    if private is not None and not allow_private:
        where = private if private == host else f"{host} ({private})"
        raise AddressError(f"{where} is a private or local address; it is fetched only with --allow-private.")
    if not addresses:
        raise OSError(f"{host} has no address")
    return addresses[0]


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for an address; never one for this machine or a numeric address."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host == "localhost" or _is_number(host) or proxy_bypass(host):
        return None
    return getproxies().get(parts.scheme)


def _is_number(host: str) -> bool:
    """Whether a host is an address, in any of the spellings that resolvers take (127.1, 0x7f.1, 2130706433)."""
    return ":" in host or all(_NUMERAL.fullmatch(part) for part in host.lower().split("."))


class GuardedTransport(httpx.BaseTransport):
    """Connects to checked addresses only. One for each host: its connections are bound to one certificate name.

    Where the environment names a proxy for the host (HTTPS_PROXY and its like), the proxy resolves the name and makes
    the connection; addresses written as numbers never go through it.
    """

    def __init__(self, url: str, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._proxy = proxy_for(url)
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        self._inner = httpx.HTTPTransport(limits=limits, trust_env=False, proxy=self._proxy)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._proxy is not None:
            return self._inner.handle_request(request)
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        try:
            address = resolve(host, port, self._allow_private)
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(f"the name {host} cannot be resolved", request=request) from error
        if address != host:
            request.url = request.url.copy_with(host=address)
            request.extensions = {**request.extensions, "sni_hostname": host}
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()
