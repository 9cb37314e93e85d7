"""TLS: whom we trust, how we prove who we are, why a handshake failed. Not here: connections (``transport.py``)."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.http.redact import redact


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


def tls_failure(error: Exception, place: str) -> ConfigurationError | None:
    """Return the error for a handshake that only another setting, or another server, can mend; None for others.

    Args:
        error: What the HTTP library raised.
        place: The address, for the message.

    """
    said = redact(str(error))
    if _has_cause(error, ssl.SSLCertVerificationError):
        hint = "Name your authority's PEM file in EXEPRON_CA_BUNDLE, or correct the address."
        return ConfigurationError(f"The certificate of {place} is not trusted: {said}.", hint=hint)
    if "CERTIFICATE_REQUIRED" in said:
        hint = "Name the PEM file with your certificate and its key in EXEPRON_CLIENT_CERTIFICATE."
        return ConfigurationError(f"{place} asks for a client certificate.", hint=hint)
    if "WRONG_VERSION_NUMBER" in said or "record layer failure" in said:
        hint = "Check scheme and port of the address: plain http answers there, or something else."
        return ConfigurationError(f"{place} does not speak TLS.", hint=hint)
    if "PROTOCOL_VERSION" in said or "UNSUPPORTED_PROTOCOL" in said:
        hint = "Update that server, or the proxy in front of it: older TLS is not safe."
        return ConfigurationError(f"{place} does not speak TLS 1.2 or newer.", hint=hint)
    return None


def _has_cause(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False
