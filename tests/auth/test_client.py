import base64

import pytest

from exepron_pipeline.auth.client import TokenClient
from exepron_pipeline.auth.discovery import discover
from exepron_pipeline.auth.refusal import GrantRefusedError
from exepron_pipeline.errors import AuthRejectedError, ConfigurationError, ServerUnavailableError
from exepron_pipeline.http.redact import redact


@pytest.fixture
def client(identity, connect, transport, clock):
    """Make clients of the token endpoint as the server describes itself now."""
    return lambda **changes: TokenClient(
        discover(identity.url, transport), connect(**changes), transport, clock
    )


def test_basic_encodes_id_and_secret_first(identity, client):
    """Colons, blanks and umlauts survive the Basic header (RFC 6749, 2.3.1)."""
    assert client().password().access_token == "access-1"
    sent = base64.b64decode(identity.requests[0]["authorization"].removeprefix("Basic ")).decode()
    assert sent == "the+client:s%3Ae%2Bc%25r+e%2Ft%3D%C3%BC"
    assert "client_secret" not in identity.requests[0]


def test_post_is_used_where_only_post_is_listed(identity, client):
    """Discovery decides how the client signs in."""
    identity.methods, identity.accepts = ["client_secret_post"], {"post"}
    assert client().client_credentials().access_token == "access-1"
    assert identity.requests[0]["authorization"] == ""


def test_a_public_client_sends_its_id_only(identity, client):
    """Without a secret nothing is sent for it."""
    client(client_id="public", client_secret=None).password()
    assert identity.requests[0]["client_id"] == "public"
    assert "client_secret" not in identity.requests[0]


@pytest.mark.parametrize("document", [{}, None])
def test_post_is_tried_once_where_nothing_is_listed(identity, client, document):
    """A server that lists no method and refuses Basic gets the form, and from then on only the form."""
    identity.document, identity.methods, identity.accepts = document, None, {"post"}
    one = client()
    one.password()
    one.password()
    assert [bool(request["authorization"]) for request in identity.requests] == [True, False, False]


def test_a_wrong_secret_is_not_tried_in_both_ways_where_methods_are_listed(identity, client):
    """A listed method is believed: a refusal then means the secret."""
    with pytest.raises(GrantRefusedError, match=r"client id and secret .*EXEPRON_CLIENT_SECRET") as caught:
        client(client_secret="wrong-secret").client_credentials()
    assert (caught.value.code, len(identity.requests)) == ("invalid_client", 1)
    assert "wrong-secret" not in str(caught.value)


def test_a_server_that_takes_no_secret_is_a_wrong_setting(identity, client):
    """Methods that we do not speak are named."""
    identity.methods = ["private_key_jwt"]
    with pytest.raises(ConfigurationError, match="only private_key_jwt"):
        client()


def test_offline_access_is_asked_for_where_it_is_offered(identity, client):
    """With the password grant, a refresh token spares sending the password in each run."""
    assert client().password().refresh_token == "refresh-1"
    identity.scopes = None
    assert client().password().refresh_token is None
    assert [request["scope"] for request in identity.requests] == [
        "openid profile exepron.restapi offline_access",
        "openid profile exepron.restapi",
    ]


def test_a_client_that_may_not_have_offline_access_signs_in_without(identity, client):
    """A refused scope that we added is left out, once and for all."""
    identity.forbidden_scopes = {"offline_access"}
    one = client()
    assert one.password().refresh_token is None
    one.password()
    assert [("offline_access" in request["scope"]) for request in identity.requests] == [True, False, False]


def test_a_client_without_user_asks_for_no_scope_of_users(identity, client):
    """`openid` has no meaning without a user, and some servers refuse it then."""
    identity.forbidden_scopes = {"openid", "profile"}
    client().client_credentials()
    assert identity.requests[0]["scope"] == "exepron.restapi"


def test_a_refresh_asks_for_no_scope_and_keeps_a_token_that_is_not_rotated(identity, client):
    """The scope stays what was granted, and an answer without a new refresh token leaves the old one."""
    one = client()
    first = one.password()
    identity.extra = {"refresh_token": None}
    assert one.refresh(first.refresh_token).refresh_token == "refresh-1"
    assert "scope" not in identity.requests[1]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("invalid_client", "client id and secret.*EXEPRON_CLIENT_ID"),
        ("invalid_grant", "user name and password.*exepron login"),
        (
            "unauthorized_client",
            "does not allow this client the grant password.*EXEPRON_GRANT=client_credentials",
        ),
        ("unsupported_grant_type", "does not offer the grant password"),
        ("invalid_scope", "scope.*EXEPRON_SCOPE"),
        ("mfa_required", r"refuses the grant password \(mfa_required"),
    ],
)
def test_each_refusal_has_its_words_and_cure(identity, client, error, words):
    """Every OAuth error tells what to do; the server's words are quoted whatever their alphabet."""
    body = f'{{"error":"{error}","error_description":"Nicht möglich \\u2014 \\"x\\""}}'.encode()
    identity.reply = lambda: (400, {}, body)
    identity.scopes = []
    with pytest.raises(GrantRefusedError, match=words) as caught:
        client().password()
    assert "Nicht möglich" in str(caught.value)
    assert len(identity.requests) == 1


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ((200, {"Content-Type": "text/html"}, b"<title>Log in</title>"), "a web page: Log in"),
        ((200, {}, b"{}"), "without a bearer token"),
        ((200, {}, b"[1]"), "without a bearer token"),
        ((200, {}, b'{"access_token": 5}'), "without a bearer token"),
        ((200, {}, b'{"access_token": "abc", "token_type": "DPoP"}'), "without a bearer token"),
        ((404, {}, b""), "404 Not Found"),
        ((302, {"Location": "/Account/Login"}, b""), "a login page"),
        ((401, {}, b"<title>Denied</title>"), "401 Unauthorized: Denied"),
    ],
)
def test_an_answer_that_is_none_is_told_as_such(identity, client, reply, words):
    """Pages, redirects and objects without a token are no sign-in, and are not asked for again."""
    identity.reply = lambda: reply
    with pytest.raises(AuthRejectedError, match=rf"{words}.*Check EXEPRON_IDENTITY_URL"):
        client().password()
    assert len(identity.requests) == 1


def test_a_server_that_is_down_is_asked_again(identity, client):
    """5xx passes, also with an OAuth body; four attempts are all, for somebody waits."""
    identity.reply = lambda: (503, {}, b'{"error":"temporarily_unavailable"}')
    with pytest.raises(ServerUnavailableError, match="temporarily_unavailable"):
        client().password()
    assert len(identity.requests) == 4


@pytest.mark.parametrize(
    ("given", "taken"),
    [(3600, 3600), ("3600", 3600), (5, 5), (0, None), (-1, None), ("soon", None), (None, None), ([1], None)],
)
def test_lifetimes_in_every_form(identity, client, given, taken):
    """Numbers and texts are understood; nonsense means unknown."""
    identity.expires_in = given
    assert client().password().expires_in == taken


def test_every_token_is_remembered_as_a_secret(identity, client):
    """Whatever the server gives is hidden in logs from then on."""
    identity.extra = {"id_token": "identity-of-me"}
    client().password()
    assert redact("access-1, refresh-1, identity-of-me") == "***, ***, ***"


@pytest.mark.parametrize("listed", [["private_key_jwt"], ["client_secret_jwt", "tls_client_auth"]])
def test_a_server_of_signed_proofs_alone_is_refused_before_anything_is_sent(identity, client, listed):
    """A secret would be of no use there, and is not shown to it."""
    identity.methods = listed
    with pytest.raises(ConfigurationError, match=f"takes no client secret, only {', '.join(listed)}"):
        client()
    assert identity.requests == []


def test_a_public_client_is_tried_where_its_method_is_not_listed(identity, client):
    """Some servers take public clients and do not list `none`."""
    identity.methods = ["client_secret_basic", "client_secret_post"]
    assert client(client_id="public", client_secret=None).password().access_token


@pytest.mark.parametrize(
    ("document", "changes", "words", "not_words"),
    [
        ({}, {}, "Worth trying: EXEPRON_GRANT=password (password). Or allow", "exepron login"),
        (
            {},
            {"username": None, "password": None},
            "EXEPRON_USERNAME and EXEPRON_PASSWORD (password)",
            "login",
        ),
        (
            {"grant_types_supported": ["client_credentials"]},
            {},
            "Or allow the grant client_credentials",
            "Worth",
        ),
        (
            {
                "authorization_endpoint": "https://id.example/a",
                "device_authorization_endpoint": "https://id.example/d",
            },
            {},
            "`exepron login` (authorization_code), `exepron login --device` (device_code), EXEPRON_GRANT=password",
            "client_credentials (",
        ),
        (
            {"authorization_endpoint": "https://id.example/a", "code_challenge_methods_supported": ["plain"]},
            {},
            "EXEPRON_GRANT=password",
            "exepron login",
        ),
    ],
)
@pytest.mark.parametrize("code", ["unauthorized_client", "unsupported_grant_type"])
def test_a_refused_grant_names_those_worth_trying(
    identity, client, document, changes, words, not_words, code
):
    """Those that the server offers, or does not rule out, and that the settings could use; never the refused one."""
    identity.document = document
    identity.reply = lambda: (400, {}, f'{{"error": "{code}"}}'.encode())
    with pytest.raises(GrantRefusedError) as caught:
        client(**changes).client_credentials()
    assert words in caught.value.hint
    assert not_words not in caught.value.hint
