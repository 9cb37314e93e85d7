import selectors
import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from exepron_pipeline.errors import ConfigurationError, NetworkError
from exepron_pipeline.http.tls import tls_context
from exepron_pipeline.http.transport import Transport

FAR = "api.example.test"
"""A name that no resolver knows: who reaches it went through the proxy."""


def _own_certificate(path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName(FAR)])
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem, encoding = certificate.public_bytes(serialization.Encoding.PEM), serialization.Encoding.PEM
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(pem + key.private_bytes(encoding, form, none))
    return path


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(dict(self.headers))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class _Listener(HTTPServer):
    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, str]] = []
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing when a client refuses us: that is the test."""


class _Tunnel(BaseHTTPRequestHandler):
    """A proxy that leads every CONNECT to one server, and keeps what it was told in clear."""

    def do_CONNECT(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        if self.server.refuses:
            self.send_error(407)
            return
        with socket.create_connection(("127.0.0.1", self.server.leads_to)) as far:
            self.send_response(200)
            self.end_headers()
            _join(self.connection, far)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def _join(one: socket.socket, other: socket.socket) -> None:
    with selectors.DefaultSelector() as both:
        both.register(one, selectors.EVENT_READ, other)
        both.register(other, selectors.EVENT_READ, one)
        while True:
            for ready, _ in both.select():
                data = ready.fileobj.recv(65536)
                if not data:
                    return
                ready.data.sendall(data)


@contextmanager
def _running(server):
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _address(server):
    return f"https://127.0.0.1:{server.server_port}/"


@pytest.fixture
def pem(tmp_path):
    """Give a PEM file that is authority, server and client in one."""
    return _own_certificate(tmp_path / "own.pem")


@pytest.fixture
def context(pem):
    """Give what a server needs to speak TLS with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@pytest.fixture
def secure(context, pem):
    """Serve https with a certificate of our own; gives address and PEM file."""
    with _running(_Listener(context)) as listener:
        yield _address(listener), pem


@pytest.fixture
def tunnel(context, monkeypatch):
    """Give a proxy on loopback, which the environment names, and the server behind it."""
    for name in ("NO_PROXY", "no_proxy", "https_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with (
        _running(_Listener(context)) as far,
        _running(ThreadingHTTPServer(("127.0.0.1", 0), _Tunnel)) as proxy,
    ):
        proxy.asked, proxy.refuses, proxy.leads_to = [], False, far.server_port
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:pr0xy-word@127.0.0.1:{proxy.server_port}")
        yield proxy, far


def test_an_unknown_authority_is_a_matter_of_settings(secure, transport):
    """A certificate that is not trusted is no passing trouble: the cure is named, nothing is retried."""
    address, _ = secure
    with pytest.raises(ConfigurationError, match=r"The certificate of .* is not trusted.* EXEPRON_CA_BUNDLE"):
        transport.get(address, {})


def test_a_named_authority_is_trusted(secure):
    """With its PEM file the same server is accepted, and our own certificate may be shown to it."""
    address, pem = secure
    with Transport(timeout=30, ca_bundle=pem, client_certificate=pem) as trusting:
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


def test_a_server_may_ask_for_our_certificate(context, pem):
    """Mutual TLS: with the certificate we are let in; without it the setting is named, and nothing is retried."""
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(pem)
    with _running(_Listener(context)) as listener:
        with Transport(timeout=30, ca_bundle=pem, client_certificate=pem) as known:
            assert known.get(_address(listener), {}).status == 204
        with (
            Transport(timeout=30, ca_bundle=pem) as unknown,
            pytest.raises(
                ConfigurationError, match=r"asks for a client certificate.*EXEPRON_CLIENT_CERTIFICATE"
            ),
        ):
            unknown.get(_address(listener), {})


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_a_server_of_old_tls_is_not_spoken_to(context, pem):
    """Our side ends the handshake: no request, and no token, reaches such a server."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        _running(_Listener(context)) as listener,
        Transport(timeout=5, ca_bundle=pem) as careful,
        pytest.raises(ConfigurationError, match=r"does not speak TLS 1\.2 or newer"),
    ):
        careful.get(_address(listener), {"Authorization": "Bearer abcdefgh"})
    assert listener.asked == []


def test_plain_http_behind_an_address_of_https_is_named():
    """A port that speaks no TLS is a wrong address, and not a network that may recover."""
    with socket.create_server(("127.0.0.1", 0)) as plain, Transport(timeout=5) as careful:

        def answer():
            with plain.accept()[0] as connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ConfigurationError, match="does not speak TLS"):
            careful.get(f"https://127.0.0.1:{plain.getsockname()[1]}/", {})
        thread.join()


def test_a_proxy_leads_to_the_server_and_learns_nothing(tunnel, pem):
    """HTTPS_PROXY with user and password: they go to the proxy alone, and the token goes to the server alone."""
    proxy, far = tunnel
    with Transport(timeout=30, ca_bundle=pem) as through:
        assert through.get(f"https://{FAR}/", {"Authorization": "Bearer abcdefgh"}).status == 204
    [(target, told)] = proxy.asked
    assert (target, "Authorization" in told) == (f"{FAR}:443", False)
    assert told["Proxy-Authorization"].startswith("Basic ")
    [asked] = far.asked
    assert (asked["Authorization"], "Proxy-Authorization" in asked) == ("Bearer abcdefgh", False)


def test_no_proxy_leads_past_it(tunnel, pem, monkeypatch):
    """A host in NO_PROXY is asked directly."""
    proxy, _ = tunnel
    monkeypatch.setenv("NO_PROXY", FAR)
    with Transport(timeout=5, ca_bundle=pem) as direct, pytest.raises(NetworkError):
        direct.get(f"https://{FAR}/", {})
    assert proxy.asked == []


def test_a_proxy_that_refuses_is_named_without_its_password(tunnel, pem):
    """The cure is in HTTPS_PROXY, whose password no message shows."""
    proxy, _ = tunnel
    proxy.refuses = True
    with (
        Transport(timeout=30, ca_bundle=pem) as through,
        pytest.raises(NetworkError, match=r"The proxy did not connect to .*407.*HTTPS_PROXY") as caught,
    ):
        through.get(f"https://{FAR}/", {})
    assert "pr0xy-word" not in str(caught.value)
