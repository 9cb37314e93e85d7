import base64
import dataclasses
import hashlib
import json
import time
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.sandbox import credentials

HOME = "http://127.0.0.1:50123/callback"


def claims_of(client, token):
    """What a JWT says, checked with the published key."""
    from joserfc import jwt
    from joserfc.jwk import KeySet

    keys = client.send("GET", "/identity/.well-known/jwks").json
    return jwt.decode(token, KeySet.import_key_set(keys), algorithms=["ES256"]).claims


def test_sign_in_and_consent_lead_to_tokens(person, anonymous):
    """Code, state and issuer come to the redirect URI (RFC 9207), and the code gives tokens that the API takes."""
    answer = person.decide(person.ask())
    assert answer.headers["location"].startswith(f"{HOME}?")
    back = person.landed(answer)
    assert set(back) == {"code", "state", "iss"}
    assert (back["state"], back["iss"]) == ("a&b=1", f"{anonymous.base}/identity")
    tokens = person.exchange(back["code"])
    assert tokens.status == 200
    assert tokens.headers["cache-control"] == "no-store"
    assert tokens.json["refresh_token"]
    me = dataclasses.replace(anonymous, token=tokens.json["access_token"])
    assert [user["userId"] for user in me.get("Accounts/Users/GetLoggedinUser").json] == [1]


def test_the_id_token_belongs_to_the_request(person, anonymous):
    """The ID token is signed with the same key and holds nonce, client, user, and the hash of the access token."""
    before = time.time()
    tokens = person.sign_in(nonce="n-1")
    claims = claims_of(anonymous, tokens["id_token"])
    assert claims["iss"] == f"{anonymous.base}/identity"
    assert (claims["aud"], claims["sub"], claims["nonce"]) == (credentials.PUBLIC_CLIENT_ID, "1", "n-1")
    digest = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert before - 1 <= claims["auth_time"] <= claims["iat"] < claims["exp"]
    assert "nonce" not in claims_of(anonymous, person.sign_in()["id_token"])


def test_the_id_token_of_a_refresh(person, anonymous):
    """After a refresh user and time of sign-in are as before, without the nonce (OpenID Connect Core 1.0, 12.2)."""
    first = person.sign_in(nonce="n-1")
    form = {"grant_type": "refresh_token", "client_id": credentials.PUBLIC_CLIENT_ID}
    second = anonymous.ask_token(**form, refresh_token=first["refresh_token"]).json
    claims = [claims_of(anonymous, tokens["id_token"]) for tokens in (first, second)]
    for name in ("iss", "sub", "aud", "auth_time"):
        assert claims[0][name] == claims[1][name]
    assert ["nonce" in each for each in claims] == [True, False]


def test_plain_oauth_without_openid(person):
    """Without the scope openid there is no ID token, and without offline_access no refresh token."""
    tokens = person.sign_in(scope="exepron.restapi")
    assert set(tokens) == {"token_type", "access_token", "expires_in", "scope"}


def test_userinfo(person, anonymous):
    """The user's claims follow from the token's scopes; a token without openid is refused."""

    def ask(token, method="GET"):
        client = dataclasses.replace(anonymous, token=token)
        return client.send(method, "/identity/connect/userinfo")

    all_of_it = person.sign_in(scope="openid profile email")["access_token"]
    assert ask(all_of_it).json == {
        "sub": "1", "preferred_username": "sync", "family_name": "O'sync", "email": "sync@ten.example",
    }  # fmt: skip
    assert ask(all_of_it, "POST").status == 200
    assert ask(person.sign_in(scope="openid")["access_token"]).json == {"sub": "1"}
    refused = ask(person.sign_in(scope="exepron.restapi")["access_token"])
    assert (refused.status, refused.headers["www-authenticate"].split(",")[0]) == (
        403,
        'Bearer error="insufficient_scope"',
    )
    assert ask("nonsense").status == ask(None).status == 401


@pytest.mark.parametrize(
    "uri",
    ["http://127.0.0.1/callback", "http://127.0.0.1:1/callback", "http://[::1]:65535/callback"],
)
def test_any_port_of_the_loopback(person, uri):
    """A redirect URI at the loopback's address may have any port (RFC 8252, 7.3); the code is bound to that one."""
    answer = person.decide(person.ask(redirect_uri=uri))
    assert answer.headers["location"].startswith(f"{uri}?")
    assert person.exchange(person.landed(answer)["code"]).json["error"] == "invalid_grant"
    code = person.code(redirect_uri=uri)
    assert person.exchange(code, redirect_uri=uri).status == 200


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "http://localhost:8765/callback",
        "https://127.0.0.1:8765/callback",
        "http://127.0.0.1:8765/callback/",
        "http://127.0.0.1:8765/callback?x=1",
        "http://127.0.0.1:8765/callback#x",
        "http://user@127.0.0.1:8765/callback",
        "http://127.0.0.1:8765@evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1:x/callback",
        "https://app.exepron-sandbox.example/callback",
        'http://127.0.0.1/"><script>',
        "http://127.0.0.1:8765/cällback",
    ],
)
def test_other_redirect_uris_get_nothing(person, uri):
    """A redirect URI that is not registered to the letter is told to the user, never followed."""
    answer = person.ask(redirect_uri=uri)
    assert answer.status == 400
    assert "location" not in answer.headers
    assert "<script>" not in answer.text


def test_the_redirect_uri_of_a_web_client_is_exact(person):
    """The confidential client may have its web address, without a port, and authenticates for the code."""
    home = "https://app.exepron-sandbox.example/callback"
    asked = {"client_id": credentials.CLIENT_ID, "redirect_uri": home}
    assert person.ask(**asked | {"redirect_uri": home.replace("/callback", ":444/callback")}).status == 400
    bare = person.exchange(person.code(**asked), **asked)
    assert (bare.status, bare.json["error"]) == (401, "invalid_client")
    secret = credentials.client_secret(7, credentials.CLIENT_ID)
    assert person.exchange(person.code(**asked), **asked, client_secret=secret).status == 200


def test_pkce_is_optional_for_a_client_with_secret(person):
    """A confidential client may do without PKCE; a verifier without a challenge is refused (RFC 9700, 4.8.2)."""
    without = {"code_challenge": None, "code_challenge_method": None, "client_id": credentials.CLIENT_ID}
    secret = {
        "client_id": credentials.CLIENT_ID,
        "client_secret": credentials.client_secret(7, credentials.CLIENT_ID),
    }
    assert person.exchange(person.code(**without), **secret, code_verifier=None).status == 200
    downgraded = person.exchange(person.code(**without), **secret)
    assert (downgraded.status, downgraded.json["error"]) == (400, "invalid_request")


TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=30)


@given(state=TEXTS)
def test_any_state_comes_back(anonymous, person_at, state):
    """Whatever the client sends as state comes back as it was, agreed to or refused."""
    person = person_at(anonymous)
    page = person.ask(state=state)
    assert person.landed(person.decide(page))["state"] == state
    assert person.landed(person.send_form(page, decision="refuse"))["state"] == state


@given(uri=st.text(max_size=40) | TEXTS.map("http://127.0.0.1:8765/callback".__add__))
def test_no_other_redirect_uri_passes(uri):
    """No text but a registered one is taken as redirect URI, the loopback's port apart."""
    from exepron_pipeline.sandbox.identity.clients import registered_clients

    client = registered_clients(7)[credentials.PUBLIC_CLIENT_ID]
    assert not client.check_redirect_uri(uri)


def test_unknown_client_gets_nothing(person):
    """Without a client that is known nobody is sent anywhere."""
    for client_id in (None, "nobody", "<b>"):
        answer = person.ask(client_id=client_id)
        assert (answer.status, "<b>" in answer.text) == (400, False)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"request": "x.y.z"}, "request_not_supported"),
        ({"request_uri": "https://app.example/r"}, "request_uri_not_supported"),
    ],
)
def test_what_cannot_be_obeyed_is_told_to_the_client(person, anonymous, changed, error):
    """An error goes back to a redirect URI that is the client's, with state and issuer."""
    back = person.landed(person.ask(**changed))
    assert back["error"] == error
    assert (back["state"], back["iss"]) == ("a&b=1", f"{anonymous.base}/identity")
    assert "code" not in back


def test_parameters_come_once(person):
    """A doubled parameter is told to the user: whose redirect URI would it be? (RFC 6749, 3.1)."""
    query = urlencode({"client_id": credentials.PUBLIC_CLIENT_ID, "response_type": "code"})
    answer = person.open(f"/identity/connect/authorize?{query}&redirect_uri=a&redirect_uri=b")
    assert answer.status == 400


def test_refusal(person, anonymous):
    """The button for it sends access_denied to the client; nobody has to sign in to refuse."""
    back = person.landed(person.send_form(person.ask(), decision="refuse"))
    assert back["error"] == "access_denied"
    assert (back["state"], back["iss"]) == ("a&b=1", f"{anonymous.base}/identity")


def test_wrong_password_shows_the_form_again(person):
    """A wrong password changes nothing: the form is there again, with the name, and the right one works."""
    again = person.send_form(
        person.ask(), username='sync@ten.example"<b>', password="mistyped", decision="allow"
    )
    assert again.status == 200
    assert "The user name or password is wrong." in again.text
    assert "sync@ten.example&quot;&lt;b&gt;" in again.text
    assert "mistyped" not in again.text
    assert "code" in person.landed(person.decide(again))


def test_the_authorization_request_may_come_by_post(person):
    """OpenID Connect Core 1.0, 3.1.2.1: both methods."""
    form = urlencode(
        {
            "response_type": "code", "client_id": credentials.PUBLIC_CLIENT_ID, "redirect_uri": HOME,
            "scope": "openid", "code_challenge": person.challenge, "code_challenge_method": "S256",
            "login_hint": "ann@ten.example",
        }
    )  # fmt: skip
    page = person.open("/identity/connect/authorize", "POST", form)
    assert 'value="ann@ten.example"' in page.text
    assert person.exchange(person.landed(person.decide(page))["code"]).status == 200


def test_the_page_is_safe(person):
    """No script, no frame, no cache; what the request says is escaped; the form holds no second site's marks."""
    page = person.ask(state='"><script>alert(1)</script>', login_hint="<i>")
    assert "<script" not in page.text
    assert "<i>" not in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    cookie = page.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    back = person.landed(person.decide(page))
    assert back["state"] == '"><script>alert(1)</script>'


def test_a_form_of_another_site_is_refused(person, person_at, anonymous):
    """Without the cookie that goes with the form, or with another browser's ticket, nothing is decided."""
    page, other = person.ask(), person_at(anonymous)
    assert other.decide(page).status == 400
    other.ask()
    assert other.decide(page).status == 400
    assert person.send_form(page, ticket="ü", decision="allow").status == 400
    assert "code" in person.landed(person.decide(page))


def test_a_code_is_good_once(person, anonymous):
    """A second use of a code is refused, and ends the tokens of the first (RFC 6749, 4.1.2)."""
    code = person.code()
    tokens = person.exchange(code).json
    me = dataclasses.replace(anonymous, token=tokens["access_token"])
    assert me.get("Accounts/0/Roles").status == 200
    assert person.exchange(code).json["error"] == "invalid_grant"
    assert me.get("Accounts/0/Roles").status == 401
    form = {"grant_type": "refresh_token", "client_id": credentials.PUBLIC_CLIENT_ID}
    assert anonymous.ask_token(**form, refresh_token=tokens["refresh_token"]).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"code_verifier": None}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:1/callback"}, "invalid_grant"),
        ({"code": "nonsense"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
    ],
)
def test_a_code_alone_is_worth_nothing(person, changed, error):
    """Without its verifier and its redirect URI a code is refused, and used up with the attempt."""
    code = person.code()
    assert person.exchange(**{"code": code} | changed).json["error"] == error
    if "code" not in changed:
        assert person.exchange(code).json["error"] == "invalid_grant"


def test_a_code_belongs_to_its_client(person):
    """Another client cannot use a code, and does no harm by trying."""
    code = person.code()
    secret = credentials.client_secret(7, credentials.CLIENT_ID)
    theirs = person.exchange(code, client_id=credentials.CLIENT_ID, client_secret=secret)
    assert theirs.json["error"] == "invalid_grant"
    assert person.exchange(code).status == 200


def test_a_code_is_short_lived(serve_tiny, person_at):
    """A code that is not used in time is gone."""
    person = person_at(serve_tiny(limits=("code-lifetime=1",))[0])
    code = person.code()
    time.sleep(1.1)
    assert person.exchange(code).json["error"] == "invalid_grant"


def test_a_client_without_the_grant(person):
    """A client that has no code grant learns so at no redirect URI: it has none."""
    answer = person.ask(client_id=credentials.SERVICE_CLIENT_ID)
    assert answer.status == 400
    assert json.dumps("invalid_request").strip('"') in answer.text
