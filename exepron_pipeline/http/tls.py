"""TLS: whom we trust, and how we prove who we are. Not here: connections (``transport.py``)."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from exepron_pipeline.errors import ConfigurationError


def tls_context(
    usual: Callable[[], ssl.SSLContext], ca_bundle: Path | None, client_certificate: Path | None
) -> ssl.SSLContext:
    """Return a context that checks certificates and host names and speaks TLS 1.2 or newer.

    Args:
        usual: Makes the HTTP library's own context; the system's authorities are added to it.
        ca_bundle: PEM file of the only authorities to trust.
        client_certificate: PEM file with our certificate and its key.

    Raises:
        ConfigurationError: A file cannot be read or is no PEM file.

    """
    with _reading("EXEPRON_CA_BUNDLE", ca_bundle):
        context = ssl.create_default_context(cafile=ca_bundle) if ca_bundle else usual()
    if not ca_bundle:
        context.load_default_certs()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if client_certificate:
        with _reading("EXEPRON_CLIENT_CERTIFICATE", client_certificate):
            context.load_cert_chain(client_certificate)
    return context


@contextmanager
def _reading(setting: str, path: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:  # ssl.SSLError is one
        message = f"{setting}: {path} cannot be used ({error.strerror or error})."
        raise ConfigurationError(message, hint="Name a readable PEM file.") from None
