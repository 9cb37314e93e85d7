import dataclasses
import http.client
import time
from urllib.parse import urlencode

import pytest

from exepron_pipeline.sandbox import credentials

SCOPE = "openid profile exepron.restapi offline_access"
CONFIDENTIAL = (credentials.CLIENT_ID, credentials.client_secret(7, credentials.CLIENT_ID))
DISCOVERY = "/identity/.well-known/openid-configuration"


@pytest.fixture
def serve(serve_tiny):
    """Serves with these faults: a client that is not signed in."""
    return lambda *faults: serve_tiny(faults=faults, sign_in=False)[0]


def refresh(client, token):
    """Use a refresh token of the confidential client."""
    return client.ask_token(CONFIDENTIAL, grant_type="refresh_token", refresh_token=token)


def status_at_api(client, token):
    """What the API says to an access token."""
    return dataclasses.replace(client, token=token).get("Accounts/0/Roles").status


def revoke(client, token):
    """End a token of the public client."""
    form = urlencode({"client_id": credentials.PUBLIC_CLIENT_ID, "token": token}).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return client.send("POST", "/identity/connect/revocation", form, **kind)


def test_discovery_that_does_not_help(serve):
    """The document is missing, a web page, another issuer's, or names the least that it may."""
    assert serve("discovery-missing").send("GET", DISCOVERY).status == 404
    client = serve("discovery-unavailable")
    assert [client.send("GET", DISCOVERY).status for _ in range(2)] == [503, 200]
    page = serve("discovery-web-page").send("GET", DISCOVERY)
    assert (page.status, page.headers["content-type"].split(";")[0]) == (200, "text/html")
    other = serve("discovery-other-issuer").send("GET", DISCOVERY).json
    assert other["issuer"] == "https://elsewhere.example"
    assert set(serve("discovery-least").send("GET", DISCOVERY).json) == {
        "issuer",
        "token_endpoint",
        "jwks_uri",
    }


@pytest.mark.parametrize(
    ("name", "status"),
    [("token-error", 500), ("token-unavailable", 503), ("token-rate-limited", 429), ("token-web-page", 200)],
)
def test_answers_in_place_of_tokens(serve, name, status):
    """The token endpoint fails once, and has done nothing: the same refresh token is good after it."""
    client = serve(f"{name}:2")
    token = client.sign_in("sync@ten.example", SCOPE).json["refresh_token"]
    failed = refresh(client, token)
    assert (failed.status, b"access_token" in failed.body) == (status, False)
    assert ("retry-after" in failed.headers) == (name == "token-rate-limited")
    assert refresh(client, token).status == 200
    counts = client.send("GET", "/identity/connect/counts").json
    assert counts["issued"]["refresh_token"] == 2


def test_a_slow_token_endpoint(serve):
    """The answer comes late and whole; the work was done before: the refresh token is used up."""
    client = serve("token-slow:2")
    token = client.sign_in("sync@ten.example", SCOPE).json["refresh_token"]
    start = time.monotonic()
    late = refresh(client, token)
    assert time.monotonic() - start >= 2
    assert late.json["refresh_token"] != token


def test_an_answer_without_expiry(serve):
    """``expires_in`` is left out (RFC 6749, 5.1 only recommends it)."""
    answer = serve("token-without-expiry").sign_in("sync@ten.example")
    assert answer.status == 200
    assert "expires_in" not in answer.json


def test_one_way_of_authentication_is_refused(serve):
    """The secret is refused in one place and taken in the other, while discovery names both."""
    form = {"grant_type": "password", "username": "sync@ten.example", "scope": SCOPE}
    form["password"] = credentials.password(7, "sync@ten.example")
    in_form = dict(zip(("client_id", "client_secret"), CONFIDENTIAL, strict=True))
    for name, refused, taken in (
        ("header-refused", {"basic": CONFIDENTIAL}, in_form),
        ("form-refused", in_form, {"basic": CONFIDENTIAL}),
    ):
        client = serve(name)
        answer = client.ask_token(**refused, **form)
        assert (answer.status, answer.json["error"]) == (401, "invalid_client")
        assert client.ask_token(**taken, **form).status == 200
        document = client.send("GET", DISCOVERY).json
        assert len(document["token_endpoint_auth_methods_supported"]) == 3


def test_grants_that_are_refused(serve):
    """The password grant is not for this client; a good refresh token is refused once."""
    answer = serve("password-refused").sign_in("sync@ten.example")
    assert (answer.status, answer.json["error"]) == (400, "unauthorized_client")
    client = serve("refresh-refused")
    token = client.sign_in("sync@ten.example", SCOPE).json["refresh_token"]
    assert refresh(client, token).json["error"] == "invalid_grant"
    assert refresh(client, token).status == 200


def test_less_scope_than_asked(serve):
    """The answer says what was granted, the API obeys it, and a refresh brings no more."""
    client = serve("scope-narrowed:1")
    answer = client.sign_in("sync@ten.example", SCOPE).json
    assert answer["scope"] == "openid exepron.restapi offline_access"
    assert status_at_api(client, answer["access_token"]) == 200
    assert refresh(client, answer["refresh_token"]).json["scope"] == answer["scope"]
    client = serve("scope-without-api")
    answer = client.sign_in("sync@ten.example", SCOPE).json
    assert answer["scope"] == "openid profile offline_access"
    assert status_at_api(client, answer["access_token"]) == 403


def test_refresh_tokens_that_do_not_rotate(serve):
    """No refresh token comes at all, none with a refresh, or the same one again; the old one stays good."""
    answer = serve("no-refresh-token").sign_in("sync@ten.example", SCOPE).json
    assert "refresh_token" not in answer
    for name, comes in (("refresh-not-rotated", False), ("refresh-same", True)):
        client = serve(name)
        token = client.sign_in("sync@ten.example", SCOPE).json["refresh_token"]
        answers = [refresh(client, token) for _ in range(3)]
        assert [answer.status for answer in answers] == [200] * 3
        assert {answer.json.get("refresh_token") for answer in answers} == {token if comes else None}
        alive = client.send("GET", "/identity/connect/counts").json["refresh_tokens_alive"]
        assert alive == {"1": {credentials.CLIENT_ID: 1}}


def test_opaque_tokens(serve, person_at):
    """A token that is no JWT works at the API and at userinfo, and can be revoked."""
    client = serve("opaque-tokens")
    tokens = person_at(client).sign_in()
    assert "." not in tokens["access_token"]
    assert status_at_api(client, tokens["access_token"]) == 200
    me = dataclasses.replace(client, token=tokens["access_token"])
    assert me.send("GET", "/identity/connect/userinfo").json["sub"] == "1"
    assert revoke(client, tokens["access_token"]).status == 200
    assert status_at_api(client, tokens["access_token"]) == 401


def test_opaque_tokens_expire(serve_tiny, monkeypatch):
    """The lifetime is the same as that of a JWT."""
    client, world = serve_tiny(faults=("opaque-tokens",), limits=("token-lifetime=60",))
    assert client.get("Accounts/0/Roles").status == 200
    monkeypatch.setattr(world, "clock", lambda: time.time() + 61)
    assert client.get("Accounts/0/Roles").status == 401


def test_revocation_that_fails_once(serve, person_at):
    """503 leaves the token as it was (RFC 7009, 2.2.1); asked again, it ends."""
    client = serve("revocation-unavailable")
    tokens = person_at(client).sign_in()
    assert revoke(client, tokens["refresh_token"]).status == 503
    assert status_at_api(client, tokens["access_token"]) == 200
    assert revoke(client, tokens["refresh_token"]).status == 200
    assert status_at_api(client, tokens["access_token"]) == 401


def test_redirects_that_lie(serve, person_at):
    """Another state, another issuer, a spoilt code, or an error come to the redirect URI."""

    def back(name):
        person = person_at(serve(name))
        return person, person.landed(person.decide(person.ask()))

    assert back("state-changed")[1]["state"] == "another"
    assert back("issuer-changed")[1]["iss"] == "https://elsewhere.example"
    person, landing = back("code-spoilt")
    assert person.exchange(landing["code"]).json["error"] == "invalid_grant"
    person, landing = back("sign-in-error")
    assert (landing["error"], landing["state"], "code" in landing) == ("server_error", "a&b=1", False)
    assert "code" in person.landed(person.decide(person.ask()))


def test_a_lost_answer_counts_as_given(serve):
    """The server issued what never arrived: its counts say so, and the session needs a new sign-in."""
    client = serve("refresh-answer-lost")
    token = client.sign_in("sync@ten.example", SCOPE).json["refresh_token"]
    with pytest.raises(http.client.IncompleteRead):
        refresh(client, token)
    counts = client.send("GET", "/identity/connect/counts").json
    assert counts["issued"]["refresh_token"] == 2
    assert refresh(client, token).json["error"] == "invalid_grant"
