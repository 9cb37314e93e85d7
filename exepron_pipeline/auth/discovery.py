"""Discovery: asks an identity server what it offers, and remembers the answer between processes.

Here: the request, and the file that spares it. Not here: what the answer means (``provider.py``).
"""

import hashlib
import json
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from exepron_pipeline.auth.private import private_folder, unusable, write_private
from exepron_pipeline.auth.provider import HINT, Provider, read_provider, refuse_document
from exepron_pipeline.errors import ConfigurationError, EntitySetMissingError, PermanentError
from exepron_pipeline.http.problems import raise_for_html, raise_for_status
from exepron_pipeline.http.retry import FEW_ATTEMPTS, call_with_retries
from exepron_pipeline.http.transport import Response, Transport

DOCUMENT = "/.well-known/openid-configuration"
FALLBACK = "/connect/token"  # where the vendor's Node sample posts, without discovery
FOLDER = "discovery"
LONGEST = 86_400.0  # seconds that an answer is believed; an endpoint that is gone ends it sooner

_PROVIDER: TypeAdapter[Provider] = TypeAdapter(Provider)


def discover(identity_url: str, transport: Transport) -> Provider:
    """Ask the identity server for its discovery document.

    A server without one is taken to have its token endpoint at ``/connect/token``, and no other endpoint.

    Args:
        identity_url: The issuer, with or without a slash at its end.
        transport: Sends the request.

    Raises:
        ConfigurationError: What answers is no identity server, is another one than was named, or has an
            endpoint that is neither https nor loopback.
        TransientError: The server cannot be reached now.

    """
    issuer = identity_url.rstrip("/")
    try:
        response = call_with_retries(lambda: _fetch(issuer, transport), attempts=FEW_ATTEMPTS)
    except EntitySetMissingError:
        return Provider(issuer, issuer + FALLBACK, is_described=False)
    except PermanentError as error:
        raise ConfigurationError(f"No identity server at {issuer}: {error.message}", hint=HINT) from None
    return read_provider(issuer, _document(issuer, response.body))


def _fetch(issuer: str, transport: Transport) -> Response:
    response = transport.get(issuer + DOCUMENT, {"Accept": "application/json"})
    raise_for_status(response, f"GET {issuer}{DOCUMENT}")
    raise_for_html(response, f"GET {issuer}{DOCUMENT}")
    return response


def _document(issuer: str, body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        refuse_document(issuer, "is no JSON object")
    return document


class Discovery:
    """What one identity server offers, asked for once a day by all processes together.

    Args:
        identity_url: The issuer.
        transport: Sends the request.
        state_dir: The answer is kept in ``discovery/`` below it.
        clock: Seconds since 1970.

    """

    def __init__(
        self, identity_url: str, transport: Transport, state_dir: Path, clock: Callable[[], float] = time.time
    ) -> None:
        self._identity_url, self._transport, self._clock = identity_url, transport, clock
        # Another version of ours may read more out of the same document.
        name = f"{version('exepron-pipeline')} {identity_url}"
        self._path = state_dir / FOLDER / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.json"

    def provider(self) -> Provider:
        """Return what is known already, else ask; raises as `discover` does, and `WarehouseError`."""
        return self._kept() or self.ask()

    def ask(self) -> Provider:
        """Ask in any case, and keep the answer; raises as `provider` does."""
        provider = discover(self._identity_url, self._transport)
        text = json.dumps({"at": self._clock(), "provider": _PROVIDER.dump_python(provider, mode="json")})
        try:
            private_folder(self._path.parent)
            write_private(self._path, text)
        except OSError as error:
            raise unusable(self._path, error) from None
        return provider

    def _kept(self) -> Provider | None:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            is_young = 0 <= self._clock() - found["at"] < LONGEST
            return _PROVIDER.validate_python(found["provider"]) if is_young else None
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, ValidationError):
            return None  # half a file, or one of nobody's: asking again is the cure
        except OSError as error:
            raise unusable(self._path, error) from None
