"""No test reaches beyond this machine: what is neither loopback nor a unix socket raises.

conftest installs it for the tests. Python imports a module of this name by itself at its start
when the folder is on PYTHONPATH, so it holds in the processes that tests start, too.
"""

import ipaddress
import socket
from typing import Any

attempts: list[str] = []
_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex
_sendto, _getaddrinfo = socket.socket.sendto, socket.getaddrinfo


class NetworkError(RuntimeError):
    """Not an OSError, on purpose: code that copes with a dead network must not cope with this."""


def _is_local(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(host: Any) -> None:
    attempts.append(str(host))
    raise NetworkError(f"a test reached for {host}: tests use no network but loopback")


def _check(sock: socket.socket, address: Any) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
        _refuse(address[0])


def _guarded_connect(self: socket.socket, address: Any) -> None:
    _check(self, address)
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    _check(self, address)
    return _connect_ex(self, address)


def _guarded_sendto(self: socket.socket, data: Any, *rest: Any) -> int:
    _check(self, rest[-1])
    return _sendto(self, data, *rest)


def _guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
    if not _is_local(host):
        _refuse(host)
    return _getaddrinfo(host, *args, **kwargs)


def install() -> None:
    """Guard every socket of this process from now on."""
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign, assignment]
    socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign, assignment]
    socket.socket.sendto = _guarded_sendto  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = _guarded_getaddrinfo


if __name__ == "sitecustomize":
    install()
