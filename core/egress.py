"""The alarm around the process: `seal(allowed_hosts)` stops every connection to a host that is not allowed.

A CPython audit hook sees `socket.connect`, `socket.getaddrinfo` and their kin whichever library asks (requests, httpx,
httpx2, urllib), and cannot be removed once installed. It does not see sockets opened by C code of its own: gRPC is one,
which is why Qdrant is spoken to over REST. The guarantee is the compose network (`internal: true`); this is the alarm.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Iterable, MutableMapping

from core.errors import EgressDenied

# What our dependencies would report home unless told not to before they are imported. Each name is read by
# unstructured, vLLM, Streamlit, the model hub client, Ray or matplotlib-like config; tests assert every one.
QUIET = {
    "DO_NOT_TRACK": "1",
    "SCARF_NO_ANALYTICS": "true",
    "UNSTRUCTURED_DISABLE_NOTICE": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
}

_CONNECTING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_RESOLVING = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}

_allowed: frozenset[str] | None = None
_resolved: set[str] = set()


def quiet(environment: MutableMapping[str, str] | None = None) -> None:
    """Switch the telemetry of our dependencies off. Called by every entry point before any heavy import."""
    (os.environ if environment is None else environment).update(QUIET)


def sealed() -> bool:
    """True when this process may only reach allowed hosts."""
    return _allowed is not None


def seal(allowed_hosts: Iterable[str]) -> None:
    """Let this process reach loopback and `allowed_hosts` only, until it ends.

    Sealing again can only narrow what is allowed. A denied attempt raises EgressDenied with the host's name.
    """
    global _allowed
    wanted = frozenset(host.lower().strip("[]") for host in allowed_hosts)
    if _allowed is None:
        _allowed = wanted
        sys.addaudithook(_watch)
    else:
        _allowed &= wanted


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event in _CONNECTING:
        address = arguments[1] if len(arguments) > 1 else None
        if isinstance(address, tuple) and address and not _may_reach(str(address[0])):
            raise EgressDenied(f"This process is sealed: a connection to {address[0]} was refused.")
    elif event in _RESOLVING:
        host = arguments[0]
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if name is None or name == "":
            return
        if not _may_reach(str(name)):
            raise EgressDenied(f"This process is sealed: looking up {name} was refused.")
        if not _is_address(str(name)):
            _remember_addresses(str(name))


def _may_reach(host: str) -> bool:
    host = host.lower().strip("[]")
    return host in ("localhost", "") or _is_loopback(host) or host in (_allowed or ()) or host in _resolved


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return _is_address(host) and (
        ipaddress.ip_address(host.split("%")[0]).is_loopback or ipaddress.ip_address(host.split("%")[0]).is_unspecified
    )


_resolving = False


def _remember_addresses(host: str) -> None:
    """A connection is made to an address, not to a name: remember which addresses an allowed name stands for."""
    global _resolving
    if _resolving:
        return
    import socket

    _resolving = True
    try:
        _resolved.update(str(info[4][0]) for info in socket.getaddrinfo(host, None))
    except OSError:
        pass  # the caller's own look-up fails too, and says so
    finally:
        _resolving = False
