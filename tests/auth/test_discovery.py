import pytest

from exepron_pipeline.auth.discovery import discover
from exepron_pipeline.errors import ConfigurationError, NetworkError, ServerUnavailableError


def test_discovery_tells_endpoint_methods_and_scopes(identity, transport):
    """What the document says is taken; a slash at the end of the issuer makes no difference."""
    found = discover(identity.url + "/", transport)
    assert found.issuer == identity.url
    assert found.token_endpoint == f"{identity.url}/connect/token"
    assert found.auth_methods == ("client_secret_basic", "client_secret_post", "none")
    assert "offline_access" in found.scopes


def test_a_server_without_document_has_the_usual_endpoint(identity, transport):
    """404 means that the token endpoint is where the vendor's sample posts."""
    identity.document = None
    found = discover(identity.url, transport)
    assert (found.token_endpoint, found.auth_methods) == (f"{identity.url}/connect/token", ())


@pytest.mark.parametrize("issuer", ["https://evil.example", "", None, 5])
def test_another_issuer_is_not_believed(identity, transport, issuer):
    """A document of another server is refused, with the cure (OpenID Connect Discovery 1.0, 4.3)."""
    identity.document = {"issuer": issuer}
    with pytest.raises(ConfigurationError, match=r"says that it is .* set EXEPRON_IDENTITY_URL to it"):
        discover(identity.url, transport)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://id.example/connect/token",
        "https://user:pw@id.example/token",
        "/connect/token",
        "ftp://127.0.0.1",
        5,
        None,
    ],
)
def test_an_unsafe_token_endpoint_is_refused(identity, transport, endpoint):
    """Credentials are sent by https or to loopback only."""
    identity.document = {"token_endpoint": endpoint}
    with pytest.raises(ConfigurationError, match="names a token endpoint that must"):
        discover(identity.url, transport)


@pytest.mark.parametrize("endpoint", ["https://id.example/token?policy=a", "http://localhost:5001/token"])
def test_a_safe_token_endpoint_is_taken_as_it_is(identity, transport, endpoint):
    """Another host and a query are allowed by the standard."""
    identity.document = {"token_endpoint": endpoint}
    assert discover(identity.url, transport).token_endpoint == endpoint


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ((200, {"Content-Type": "text/html"}, b"<title>Welcome</title>"), "a web page: Welcome"),
        ((200, {}, b"[]"), "is no JSON object"),
        ((200, {}, b"{"), "is no JSON object"),
        ((302, {"Location": "https://id.example/Account/Login"}, b""), "a login page"),
        ((403, {}, b"blocked"), "403 Forbidden: blocked"),
    ],
)
def test_what_is_no_identity_server_is_a_wrong_setting(identity, transport, monkeypatch, reply, words):
    """Anything else that answers there is named, with the setting to check."""
    monkeypatch.setattr(identity, "discover", lambda: reply)
    with pytest.raises(ConfigurationError, match=rf"{words}.*Check EXEPRON_IDENTITY_URL"):
        discover(identity.url, transport)


def test_a_server_that_is_down_is_a_passing_trouble(identity, transport, monkeypatch):
    """Down and unreachable servers may come back: no setting is blamed."""
    monkeypatch.setattr(identity, "discover", lambda: (503, {}, b""))
    with pytest.raises(ServerUnavailableError):
        discover(identity.url, transport)
    with pytest.raises(NetworkError):
        discover("http://127.0.0.1:1", transport)
