import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.http.tls import tls_context
from exepron_pipeline.http.transport import Transport


def _own_certificate(path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem, encoding = certificate.public_bytes(serialization.Encoding.PEM), serialization.Encoding.PEM
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(pem + key.private_bytes(encoding, form, none))
    return path


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class _Listener(HTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing when a client refuses us: that is the test."""


@pytest.fixture
def secure(tmp_path):
    """Serve https with a certificate of our own; gives address and PEM file."""
    pem = _own_certificate(tmp_path / "own.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    listener = _Listener(("127.0.0.1", 0), _Handler)
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
    thread.start()
    yield f"https://127.0.0.1:{listener.server_port}/", pem
    listener.shutdown()
    listener.server_close()
    thread.join()


def test_an_unknown_authority_is_a_matter_of_settings(secure, transport):
    """A certificate that is not trusted is no passing trouble: the cure is named, nothing is retried."""
    address, _ = secure
    with pytest.raises(ConfigurationError, match=r"certificate of .* is not trusted.* EXEPRON_CA_BUNDLE"):
        transport.get(address, {})


def test_a_named_authority_is_trusted(secure):
    """With its PEM file the same server is accepted, and our own certificate may be shown to it."""
    address, pem = secure
    with Transport(timeout=5, ca_bundle=pem, client_certificate=pem) as trusting:
        assert trusting.get(address, {}).status == 204


def test_old_tls_is_refused():
    """Nothing older than TLS 1.2 is spoken, whatever the system would allow, and names are checked."""

    def lax() -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        return context

    context = tls_context(lax, None, None)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
