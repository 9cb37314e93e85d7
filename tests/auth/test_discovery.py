import json

import pytest

from exepron_pipeline.auth.client import open_client
from exepron_pipeline.auth.discovery import LONGEST, Discovery, discover
from exepron_pipeline.errors import (
    AuthRejectedError,
    ConfigurationError,
    NetworkError,
    ServerUnavailableError,
    WarehouseError,
)


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


OPTIONAL = [
    "authorization_endpoint",
    "device_authorization_endpoint",
    "revocation_endpoint",
    "userinfo_endpoint",
]


def test_optional_endpoints_and_lists_are_taken_or_unknown(identity, transport):
    """What a server does not say is None, which is not the same as an empty list."""
    found = discover(identity.url, transport)
    assert [getattr(found, name) for name in [*OPTIONAL, "jwks_uri"]] == [None] * 5
    assert (found.grants, found.code_challenge_methods, found.response_types) == (None, None, None)
    assert not found.names_itself
    identity.document = {name: f"{identity.url}/{name}" for name in [*OPTIONAL, "jwks_uri"]} | {
        "grant_types_supported": ["authorization_code", 5],
        "code_challenge_methods_supported": [],
        "authorization_response_iss_parameter_supported": True,
    }
    found = discover(identity.url, transport)
    assert [getattr(found, name) for name in OPTIONAL] == [f"{identity.url}/{name}" for name in OPTIONAL]
    assert (found.grants, found.code_challenge_methods) == (("authorization_code",), ())
    assert found.names_itself


@pytest.mark.parametrize("name", [*OPTIONAL, "jwks_uri"])
def test_an_unsafe_optional_endpoint_is_refused(identity, transport, name):
    """Codes, tokens and keys travel by https or to loopback only."""
    identity.document = {name: "http://id.example/x"}
    with pytest.raises(ConfigurationError, match=f"names a {name.replace('_', ' ')} that must use https"):
        discover(identity.url, transport)


# -- what is remembered ----------------------------------------------------------------------------------


@pytest.fixture
def known(identity, transport, tmp_path, clock):
    """Make what each process has: its own look at the same folder."""
    return lambda: Discovery(identity.url, transport, tmp_path / "state", clock)


def test_processes_ask_once_a_day_together(identity, known, clock):
    """The answer is kept, readable by its owner alone, and asked for anew when it is a day old."""
    first = known().provider()
    assert (known().provider(), identity.discoveries) == (first, 1)
    clock.now += LONGEST
    known().provider()
    assert identity.discoveries == 2
    clock.now -= 60  # a clock that was set back: nobody knows how old the answer is
    known().provider()
    assert identity.discoveries == 3


def test_what_is_remembered_is_private_and_may_be_damaged(identity, known, tmp_path):
    """Half a file is no reason to stop: the server is asked again."""
    first = known().provider()
    (path,) = (tmp_path / "state" / "discovery").iterdir()
    assert path.stat().st_mode & 0o077 == 0
    broken = ["", "{", "[]", '{"at": "x"}', json.dumps({"at": 1_800_000_000, "provider": {"issuer": 5}})]
    for text in broken:
        path.write_text(text)
        assert known().provider() == first
    assert identity.discoveries == 1 + len(broken)


def test_a_folder_that_cannot_be_used_is_named(known, tmp_path):
    """The data folder's trouble is no trouble of the identity server."""
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(WarehouseError, match="EXEPRON_DATA_DIR"):
        known().provider()


def test_a_moved_endpoint_is_found_again(identity, connect, transport, tmp_path, clock):
    """404 of a remembered endpoint means to ask for the document anew, once, and to go where it says."""

    def move():
        identity.document, identity.reply = {}, None
        return 404, {}, b"gone"

    identity.document, identity.reply = {"token_endpoint": f"{identity.url}/old"}, move
    client = open_client(connect(), transport, tmp_path / "state", clock)
    assert client.provider.token_endpoint == f"{identity.url}/old"
    assert client.client_credentials().access_token
    assert client.provider.token_endpoint == f"{identity.url}/connect/token"
    assert open_client(connect(), transport, tmp_path / "state", clock).provider == client.provider
    assert (len(identity.requests), identity.discoveries) == (2, 2)


def test_an_endpoint_that_is_gone_for_good_is_told(identity, connect, transport, tmp_path, clock):
    """When the document names the same again, its 404 is the answer; nothing loops."""
    identity.reply = lambda: (404, {}, b"")
    with pytest.raises(AuthRejectedError, match=r"404 Not Found.*EXEPRON_IDENTITY_URL"):
        open_client(connect(), transport, tmp_path / "state", clock).password()
    assert (len(identity.requests), identity.discoveries) == (1, 2)
