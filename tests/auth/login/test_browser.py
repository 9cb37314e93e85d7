import base64
import hashlib
import socket
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exepron_pipeline.auth.login.answer import code_from_paste
from exepron_pipeline.auth.login.flow import Login
from exepron_pipeline.auth.login.question import make_question
from exepron_pipeline.auth.refusal import GrantRefusedError
from exepron_pipeline.errors import AuthRejectedError, ConfigurationError

PATIENCE = 10.0


@pytest.fixture
def sign_in(client_of, browser):
    """Sign in by the browser; gives what was kept, and who signed in."""

    def walk(*, offline=True, **changes):
        kept = []
        login = Login(client_of(offline=offline, **changes), kept.append)
        return kept, login.by_browser(browser.start, opens=False, patience=PATIENCE)

    return walk


def test_a_browser_signs_in(issuer, browser, sign_in):
    """Code, PKCE, state and nonce go out; tokens are kept, and the person is named, also on the page, as text."""
    kept, signed_in = sign_in()
    browser.join()
    assert kept == [signed_in.tokens]
    assert signed_in.tokens.refresh_token
    assert (signed_in.tokens.grant, str(signed_in.person)) == (
        "authorization_code",
        "Ada & <Co> (subject 77)",
    )
    assert issuer.asked["response_type"] == "code"
    assert issuer.asked["code_challenge_method"] == "S256"
    assert issuer.asked["scope"] == "openid profile exepron.restapi offline_access"
    assert issuer.asked["prompt"] == "consent"
    assert "Signed in as Ada &amp; &lt;Co&gt; (subject 77)" in browser.page
    assert browser.status == 200


def test_the_page_shows_nothing_secret_and_loads_nothing(issuer, browser, sign_in):
    """No code, no token, no script, no resource; neither stored nor referred from."""
    _, signed_in = sign_in()
    browser.join()
    code = parse_qs(urlsplit(browser.address).query)["code"][0]
    for secret in (code, signed_in.tokens.access_token, signed_in.tokens.refresh_token):
        assert secret not in browser.page
    assert not {"<script", "src=", "href=", "@import"} & set(browser.page.split())
    assert browser.headers["Cache-Control"] == "no-store"
    assert browser.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in browser.headers["Content-Security-Policy"]


def test_a_client_with_secret_proves_it_at_the_exchange(issuer, sign_in):
    """A confidential client sends its secret by the listed method, beside PKCE."""
    sign_in(client_secret="s:e c")
    path, fields = next(each for each in issuer.requests if each[0] == "/token")
    sent = issuer.authorizations[issuer.requests.index((path, fields))]
    assert base64.b64decode(sent.removeprefix("Basic ")) == b"desk:s%3Ae+c"
    assert "code_verifier" in fields


def test_each_question_differs(issuer, sign_in):
    """State, nonce and verifier are new each time, and the challenge is the verifier's hash."""
    sign_in()
    first = issuer.asked
    verifier = next(fields for path, fields in issuer.requests if path == "/token")["code_verifier"]
    hashed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    assert first["code_challenge"] == hashed
    assert 43 <= len(verifier) <= 128
    sign_in()
    for name in ("state", "nonce", "code_challenge"):
        assert issuer.asked[name] != first[name]


def test_no_refresh_token_is_asked_for_where_none_may_be(issuer, sign_in):
    """`offline_access` needs the server's list and the person's wish; consent is asked for only with it."""
    sign_in(offline=False)
    assert issuer.asked["scope"] == "openid profile exepron.restapi"
    assert "prompt" not in issuer.asked
    issuer.document = {"scopes_supported": None}
    sign_in()
    assert "offline_access" not in issuer.asked["scope"]
    issuer.document = {"prompt_values_supported": ["none", "login"]}
    sign_in()
    assert ("offline_access" in issuer.asked["scope"], "prompt" in issuer.asked) == (True, False)


@pytest.mark.parametrize(
    ("redirect", "words"),
    [
        ({"code": None, "error": "access_denied"}, "not given the consent.*again and consent"),
        (
            {"code": None, "error": "access_denied", "error_description": "No <b>thanks</b>\x1b[2J"},
            r"\(access_denied: No <b>thanks</b>\[2J\)",
        ),
        ({"code": None, "error": "invalid_scope"}, "scope that was asked for.*--online"),
        ({"code": None, "error": "server_error"}, "an error of its own.*again later"),
        ({"code": None, "error": "temporarily_unavailable"}, "too busy.*again later"),
        ({"code": None, "error": "login_required"}, r"refuses the grant authorization_code \(login_required"),
        (
            {"code": None, "error": "unauthorized_client"},
            "does not allow this client the grant authorization_code.*`exepron login --device`.*EXEPRON_USERNAME",
        ),
        ({"state": "another"}, "belongs to another sign-in"),
        ({"state": None}, "belongs to another sign-in"),
        ({"code": None, "error": "access_denied", "state": "another"}, "belongs to another sign-in"),
        ({"iss": "https://evil.example"}, "comes from https://evil.example and not from"),
        ({"iss": None}, "does not say who sent it"),
        ({"code": ""}, "holds no code"),
        (
            {"access_token": "a-token-in-an-address"},
            "implicit grant.*histories.*authorization code with PKCE",
        ),
        ({"code": "not-yours"}, "does not accept the code.*expired.*exepron login"),
    ],
)
def test_each_bad_answer_is_told_here_and_in_the_browser(issuer, browser, sign_in, redirect, words):
    """What went wrong and its cure are in the error and on the page, as text; nothing is kept."""
    issuer.redirect = redirect
    with pytest.raises(AuthRejectedError, match=words) as caught:
        sign_in()
    browser.join()
    assert caught.value.hint
    assert "<h1>Sign-in failed</h1>" in browser.page
    assert "<b>" not in browser.page
    assert "a-token-in-an-address" not in browser.page + str(caught.value)


def test_a_parameter_given_twice_is_refused(issuer, browser, sign_in):
    """RFC 6749, 3.1: none may be; whoever adds one hopes that the other is read."""
    issuer.redirect = {"extra": "1"}
    login_address = []
    browser.start, walk = login_address.append, browser.start

    def twice(address):
        walk(browser.end_of(address) + "&code=second")

    browser.start = twice
    with pytest.raises(AuthRejectedError, match="holds something twice"):
        sign_in()


def test_a_slash_at_the_end_of_the_issuer_is_no_other_issuer(issuer, sign_in):
    """Issuers are compared without it, in the redirect and in the id_token."""
    issuer.redirect, issuer.claims = {"iss": issuer.url + "/"}, {"iss": issuer.url + "/"}
    assert sign_in()[1].person.subject == "77"


def test_strangers_at_the_port_change_nothing(issuer, browser, sign_in):
    """Other paths and empty addresses are answered, and the wait goes on."""
    walk = browser.start

    def wander(address):
        redirect_uri = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        for stray, status in (
            (redirect_uri + "?x=1", 400),
            (redirect_uri.replace("callback", "favicon.ico"), 404),
        ):
            browser.go(stray)
            assert browser.status == status
        walk(address)

    browser.start = wander
    assert sign_in()[1].tokens.access_token


def test_a_browser_that_never_comes_back(client_of, redirect_uri):
    """The wait ends, and the message says where nobody came and what to do."""
    login = Login(client_of(), print)
    with pytest.raises(AuthRejectedError, match=f"No browser came back to {redirect_uri} within 0.*--paste"):
        login.by_browser(lambda address: None, opens=False, patience=0.05)


def test_the_port_is_free_again_afterwards(sign_in):
    """Two sign-ins one after the other use the same port."""
    sign_in()
    assert sign_in()[1].tokens.access_token


def test_a_used_port_is_named_and_no_other_is_taken(client_of, redirect_uri):
    """Servers compare redirect URIs exactly: another port would be refused there."""
    port = urlsplit(redirect_uri).port
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(
            ConfigurationError, match=rf"Port {port} .*used by another.*EXEPRON_REDIRECT_URI.*--paste"
        ),
    ):
        Login(client_of(), print).by_browser(print, opens=False)


@pytest.mark.parametrize(
    "uri",
    ["https://127.0.0.1:8765/cb", "http://example.com/cb", "urn:ietf:wg:oauth:2.0:oob", "http://127.0.0.1:0/cb",
     "http://127.0.0.1:99999/cb", "http://127.0.0.1:8765/cb?x=1"],
)  # fmt: skip
def test_a_redirect_uri_elsewhere_cannot_be_listened_at(client_of, uri):
    """Only plain http to a fixed port of this machine can be; else --paste helps."""
    with pytest.raises(ConfigurationError, match=r"no browser can come back .*--paste"):
        Login(client_of(redirect_uri=uri), print).by_browser(print, opens=False)


def test_a_name_whose_other_address_is_not_here_is_listened_at(redirect_uri, sign_in, monkeypatch):
    """Machines without IPv6 often name ::1 for `localhost` all the same."""
    resolve = socket.getaddrinfo

    def with_one_elsewhere(*asked, **options):
        found = resolve(*asked, **options)
        there = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", asked[1]))
        return [there, *found] if options else found  # ours is the call with options

    monkeypatch.setattr(socket, "getaddrinfo", with_one_elsewhere)
    assert sign_in(redirect_uri=redirect_uri)[1].tokens.access_token


def test_localhost_is_listened_at_on_all_its_addresses(redirect_uri, sign_in):
    """A browser may take any address of the name."""
    assert sign_in(redirect_uri=redirect_uri.replace("127.0.0.1", "localhost"))[1].tokens.access_token


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"authorization_endpoint": None}, "no authorization endpoint"),
        ({"code_challenge_methods_supported": ["plain"]}, "no PKCE with S256"),
        ({"response_types_supported": ["token", "id_token"]}, "implicit grant puts tokens into addresses"),
        ({"grant_types_supported": ["password"]}, "does not offer the authorization code.*EXEPRON_PASSWORD"),
    ],
)
def test_a_server_that_cannot_is_not_asked(issuer, client_of, document, words):
    """What discovery rules out is said before a browser opens, with what is worth trying."""
    issuer.document = document
    with pytest.raises(ConfigurationError, match=words):
        Login(client_of(), print).by_browser(print, opens=False)


def test_a_named_user_is_hinted_at(issuer, sign_in):
    """Where the settings name a user, the server's page begins with that one."""
    sign_in(username="sync@ten.example")
    assert issuer.asked["login_hint"] == "sync@ten.example"


def test_the_endpoint_may_have_a_query_of_its_own(issuer, sign_in):
    """RFC 6749, 3.1: it is kept."""
    issuer.document = {"authorization_endpoint": f"{issuer.url}/authorize?policy=a%20b"}
    sign_in()
    assert issuer.asked["policy"] == "a b"


# -- pasting ---------------------------------------------------------------------------------------------


@pytest.fixture
def paste(client_of, browser):
    """Sign in by pasting what ``edit`` makes of the address at which the browser ended."""

    def walk(edit, **changes):
        seen = []

        def read():
            return edit(browser.end_of(seen[0]))

        return Login(client_of(**changes), lambda tokens: None).by_paste(seen.append, read)

    return walk


@pytest.mark.parametrize(
    "edit",
    [
        lambda end: end,
        lambda end: f"  {end[:40]}\n{end[40:]}\n",
        lambda end: "?" + urlsplit(end).query,
        lambda end: urlsplit(end).query,
        lambda end: end.replace("?", "#"),
        lambda end: parse_qs(urlsplit(end).query)["code"][0],
        lambda end: quote(parse_qs(urlsplit(end).query)["code"][0]),
    ],
)
def test_address_query_and_code_can_be_pasted(paste, edit):
    """Whatever part of the last address holds the code, also with line breaks of a terminal."""
    assert paste(edit, redirect_uri="https://elsewhere.example/cb").tokens.grant == "authorization_code"


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda end: "", "is empty"),
        (lambda end: "https://id.example/login", "is not where the identity server sends the browser"),
        (lambda end: "http://[broken", "is not where the identity server sends the browser"),
        (lambda end: "http://127.0.0.1/cb#access_token=abcdef&token_type=bearer", "implicit grant"),
        (lambda end: end.replace("state=", "state=x"), "belongs to another sign-in"),
        (lambda end: "some-other-code", "does not accept the code"),
    ],
)
def test_what_is_pasted_wrongly_is_told(paste, edit, words):
    """Each says what it is, and to begin again."""
    with pytest.raises(AuthRejectedError, match=rf"{words}.*exepron login") as caught:
        paste(edit)
    assert "abcdef" not in str(caught.value)


SECRET = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=12, max_size=60)


@given(text=st.one_of(st.text(), SECRET.map("https://x.example/cb?code={0}&state=y&error={0}".format)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_pasted_is_a_code_or_a_refusal_that_does_not_show_it(client_of, once, text):
    """No paste ends in another error, and no error repeats a code."""
    client, question = once(client_of)
    said = ""
    try:
        assert code_from_paste(text, question, client)
    except AuthRejectedError as error:
        said = str(error)
    assert not [secret for secret in parse_qs(text.partition("?")[2]).get("code", ()) if secret in said]


@pytest.fixture
def once():
    """Ask once for all examples of a test."""
    found = []

    def ask(client_of):
        if not found:
            client = client_of()
            found.append((client, make_question(client)))
        return found[0]

    return ask


def test_a_refused_grant_has_its_code(issuer, sign_in):
    """The server's own code is kept for whoever decides on it."""
    issuer.redirect = {"code": None, "error": "access_denied"}
    with pytest.raises(GrantRefusedError) as caught:
        sign_in()
    assert caught.value.code == "access_denied"
