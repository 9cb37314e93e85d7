"""The port to which the browser comes back: the one of ``EXEPRON_REDIRECT_URI`` and no other.

Servers compare redirect URIs exactly, so none is chosen instead. Not here: what is heard there (``loopback.py``).
"""

import errno
import socket
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import SplitResult, urlsplit

from pydantic import TypeAdapter

from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.http.redact import redacting_logger
from exepron_pipeline.settings import WebAddress

_ADDRESS: TypeAdapter[str] = TypeAdapter(WebAddress)
_LOG = redacting_logger(__name__)
_NOT_HERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}  # a machine without IPv6 may name ::1 all the same
_PASTE = "or use `exepron login --paste`, which needs no port"


def own_address(redirect_uri: str) -> SplitResult:
    """Return the parts of a redirect URI at which this machine can listen.

    Raises:
        ConfigurationError: It is no plain http address of the loopback with a fixed port.

    """
    try:
        _ADDRESS.validate_python(redirect_uri)
        parts = urlsplit(redirect_uri)
        is_ours = parts.scheme == "http" and parts.port != 0
    except ValueError:
        is_ours = False
    if is_ours:
        return parts
    raise ConfigurationError(
        f"EXEPRON_REDIRECT_URI is {redirect_uri}: no browser can come back to this machine there.",
        hint=f"Set it to what is registered for the client, such as http://127.0.0.1:8765/callback, {_PASTE}.",
    )


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        del request, client_address
        _LOG.debug("A browser went away.", exc_info=True)


class _Server6(_Server):
    address_family = socket.AF_INET6


def servers_at(parts: SplitResult, handler: type[BaseRequestHandler]) -> list[ThreadingTCPServer]:
    """Return a server for each address that the host means: a browser may try any of those of ``localhost``.

    Raises:
        ConfigurationError: The port is in use, or cannot be had.

    """
    port = parts.port or 80
    servers: list[ThreadingTCPServer] = []
    failure: OSError | None = None
    try:
        for family, _, _, _, address in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM):
            kind = _Server6 if family == socket.AF_INET6 else _Server
            try:
                servers.append(kind((str(address[0]), port), handler))
            except OSError as error:
                failure = error
                if error.errno not in _NOT_HERE:
                    raise
    except OSError as error:
        for server in servers:
            server.server_close()
        raise _unusable(parts, error) from None
    if failure and not servers:
        raise _unusable(parts, failure)
    return servers


def _unusable(parts: SplitResult, error: OSError) -> ConfigurationError:
    is_used = error.errno == errno.EADDRINUSE
    reason = "is used by another program" if is_used else f"cannot be used ({error.strerror})"
    return ConfigurationError(
        f"Port {parts.port or 80} of {parts.hostname}, where the browser would come back, {reason}.",
        hint=(
            "End that program (another `exepron login`?), or register another redirect URI for the client and set "
            f"EXEPRON_REDIRECT_URI to it (none is chosen for you: servers compare it exactly), {_PASTE}."
        ),
    )
