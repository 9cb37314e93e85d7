import base64
import dataclasses
import json
import time
from email.utils import parsedate_to_datetime

import pytest

from exepron_pipeline.sandbox import credentials

SCOPE = "openid profile exepron.restapi"
SECRET = credentials.client_secret(7, credentials.CLIENT_ID)
SERVICE_SECRET = credentials.client_secret(7, credentials.SERVICE_CLIENT_ID)
PASSWORD = credentials.password(7, "sync@ten.example")


def claims_of(token):
    """What a JWT says, unchecked."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def offline(client):
    """An answer with a refresh token."""
    return client.sign_in("sync@ten.example", f"{SCOPE} offline_access").json


def refresh(client, token, **more):
    """Use a refresh token."""
    return client.ask_token(
        (credentials.CLIENT_ID, SECRET), grant_type="refresh_token", refresh_token=token, **more
    )


def test_secrets_are_awkward():
    """Secret and password hold what a client must form-encode."""
    assert set(":+% /") <= set(SECRET)
    assert set("&=+% ") - {" "} <= set(PASSWORD)


def test_discovery_names_what_there_is(anonymous):
    """Discovery gives the issuer it was asked at, and only endpoints and grants that there are."""
    document = anonymous.send("GET", "/identity/.well-known/openid-configuration").json
    assert document["issuer"] == f"{anonymous.base}/identity"
    assert document["token_endpoint"] == f"{anonymous.base}/identity/connect/token"
    assert document["response_types_supported"] == ["code"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["token_endpoint_auth_methods_supported"] == [
        "client_secret_basic",
        "client_secret_post",
        "none",
    ]
    assert "offline_access" in document["scopes_supported"]
    endpoints = {name: address for name, address in document.items() if name.endswith("_endpoint")}
    assert len(endpoints) == 5
    for name, address in endpoints.items():
        answer = anonymous.send("POST", address.removeprefix(anonymous.base))
        assert answer.status in {400, 401}, name
    for grant in document["grant_types_supported"]:
        error = anonymous.ask_token((credentials.CLIENT_ID, SECRET), grant_type=grant).json["error"]
        assert error != "unsupported_grant_type" or grant == "client_credentials"


def test_the_published_key_verifies_a_token(anonymous, service):
    """Access tokens are JWTs, signed with the key that the JWKS document publishes."""
    from joserfc import jwt
    from joserfc.jwk import KeySet

    keys = anonymous.send("GET", "/identity/.well-known/jwks").json
    assert all("d" not in key for key in keys["keys"])
    token = jwt.decode(service.token, KeySet.import_key_set(keys), algorithms=["ES256"])
    assert token.claims["iss"] == f"{anonymous.base}/identity"
    assert token.claims["sub"] == "1"
    assert {"aud", "client_id", "scope", "iat", "exp", "jti"} <= set(token.claims)


def test_password_grant_with_secret_in_the_form(anonymous):
    """The vendor's Node sample: id, secret, user and password in the form."""
    answer = anonymous.sign_in("sync@ten.example")
    assert answer.status == 200
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 3600
    assert answer.json["scope"] == SCOPE
    assert "refresh_token" not in answer.json
    assert answer.headers["cache-control"] == "no-store"


def test_password_grant_with_encoded_basic_header(anonymous):
    """Basic authentication as RFC 6749 2.3.1 has it, user by a name that is unique."""
    answer = anonymous.ask_token(
        (credentials.CLIENT_ID, SECRET),
        grant_type="password",
        username="ANN",
        password=credentials.password(7, "Ann@ten.example"),
        scope=SCOPE,
    )
    assert answer.status == 200
    assert claims_of(answer.json["access_token"])["sub"] == "3"


def test_raw_basic_header_is_refused(anonymous):
    """A Basic header that is not form-encoded fails when that makes a difference."""
    raw = base64.b64encode(f"{credentials.CLIENT_ID}:{SECRET}".encode()).decode()
    answer = anonymous.send(
        "POST", "/identity/connect/token", b"grant_type=password&username=x&password=y",
        **{"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {raw}"},
    )  # fmt: skip
    assert (answer.status, answer.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("header", ["Basic !!!", "Basic /w==", "Basic", "Bearer x"])
def test_broken_authorization_header_is_an_invalid_client(anonymous, header):
    """Whatever stands in the header, the answer is OAuth's, never a 500."""
    answer = anonymous.send(
        "POST", "/identity/connect/token", b"grant_type=password&username=x&password=y",
        **{"Content-Type": "application/x-www-form-urlencoded", "Authorization": header},
    )  # fmt: skip
    assert (answer.status, answer.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("client_id", "secret"), [(credentials.CLIENT_ID, "wrong"), ("nobody", "x"), (credentials.CLIENT_ID, "")]
)
def test_wrong_client_is_401(anonymous, client_id, secret):
    """A wrong secret, an unknown client or a missing secret is 401 invalid_client, in form and header."""
    form = {"grant_type": "password", "username": "sync@ten.example", "password": PASSWORD}
    in_form = anonymous.ask_token(**form, client_id=client_id, client_secret=secret)
    in_header = anonymous.ask_token((client_id, secret), **form)
    for answer in (in_form, in_header):
        assert (answer.status, answer.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("user", ["sync@ten.example", "nobody@ten.example", "sync", "' OR 1=1 --"])
def test_wrong_password_is_invalid_grant(anonymous, user):
    """A wrong password, an unknown user and a name that two users have are all 400 invalid_grant."""
    answer = anonymous.ask_token(
        (credentials.CLIENT_ID, SECRET), grant_type="password", username=user, password="no"
    )
    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")


def test_client_credentials_act_for_the_service_user(anonymous):
    """Client credentials give a token of the service user, less scope than asked, no refresh token."""
    answer = anonymous.ask_token(
        (credentials.SERVICE_CLIENT_ID, SERVICE_SECRET), grant_type="client_credentials", scope=SCOPE
    )
    assert answer.json["scope"] == "exepron.restapi"
    assert "refresh_token" not in answer.json
    assert claims_of(answer.json["access_token"])["sub"] == "1"


def test_grant_that_a_client_does_not_have(anonymous):
    """A registered client with a grant it was not given is unauthorized_client, an unknown grant unsupported."""
    wrong = anonymous.ask_token((credentials.CLIENT_ID, SECRET), grant_type="client_credentials")
    assert (wrong.status, wrong.json["error"]) == (400, "unauthorized_client")
    unknown = anonymous.ask_token((credentials.CLIENT_ID, SECRET), grant_type="implicit")
    assert (unknown.status, unknown.json["error"]) == (400, "unsupported_grant_type")


def test_unknown_scope_is_refused(anonymous):
    """A scope that discovery does not list is invalid_scope."""
    answer = anonymous.sign_in("sync@ten.example", f"{SCOPE} everything")
    assert (answer.status, answer.json["error"]) == (400, "invalid_scope")


def test_public_client_has_no_secret(anonymous, person):
    """A public client sends its id alone; a secret with it is refused."""
    token = person.sign_in()["refresh_token"]
    form = {"grant_type": "refresh_token", "client_id": credentials.PUBLIC_CLIENT_ID, "refresh_token": token}
    assert anonymous.ask_token(**form, client_secret="x").status == 401
    assert anonymous.ask_token((credentials.PUBLIC_CLIENT_ID, "x"), **form).status == 401
    assert anonymous.ask_token(**form).status == 200


def test_a_public_client_has_no_password_grant(anonymous):
    """The client for people at a browser never sees a password."""
    answer = anonymous.ask_token(
        grant_type="password", client_id=credentials.PUBLIC_CLIENT_ID, username="sync@ten.example", password=PASSWORD
    )  # fmt: skip
    assert (answer.status, answer.json["error"]) == (400, "unauthorized_client")


def test_a_parameter_comes_once(anonymous):
    """A parameter that comes twice is refused, one without a value counts as left out (RFC 6749, 3.2)."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    twice = anonymous.send(
        "POST", "/identity/connect/token", b"grant_type=password&username=a&username=b&client_id=c", **form
    )
    assert (twice.status, twice.json["error"]) == (400, "invalid_request")
    empty = anonymous.send("POST", "/identity/connect/token", b"grant_type=&client_id=c", **form)
    assert (empty.status, empty.json["error"]) == (400, "invalid_request")


def test_one_way_of_authentication(anonymous):
    """A secret in header and form at once is refused (RFC 6749, 2.3)."""
    answer = anonymous.ask_token((credentials.CLIENT_ID, SECRET), grant_type="password", client_secret=SECRET)
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(("taken", "refused"), [("header", "form"), ("form", "header")])
def test_one_way_only(serve_tiny, taken, refused):
    """A server that takes the secret in one way says so in discovery, and answers 401 to the other one."""
    sends = {
        "header": {"basic": (credentials.CLIENT_ID, SECRET)},
        "form": {"client_id": credentials.CLIENT_ID, "client_secret": SECRET},
    }
    client = serve_tiny(limits=(f"client-auth={taken}",), sign_in=False)[0]
    form = {"grant_type": "password", "username": "sync@ten.example", "password": PASSWORD, "scope": SCOPE}
    assert client.ask_token(**sends[taken], **form).status == 200
    answer = client.ask_token(**sends[refused], **form)
    assert (answer.status, answer.json["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")
    document = client.send("GET", "/identity/.well-known/openid-configuration").json
    names = {"header": "client_secret_basic", "form": "client_secret_post"}
    assert document["token_endpoint_auth_methods_supported"] == [names[taken], "none"]


def test_refresh_rotates(anonymous):
    """With offline_access a refresh token comes, and each use gives another one."""
    first = offline(anonymous)["refresh_token"]
    second = refresh(anonymous, first)
    assert second.status == 200
    assert second.json["refresh_token"] != first
    assert refresh(anonymous, second.json["refresh_token"]).status == 200


def test_refresh_with_less_scope(anonymous):
    """A refresh may ask for less; the next one may ask for all again, and nobody for more than was granted."""
    narrow = refresh(anonymous, offline(anonymous)["refresh_token"], scope="exepron.restapi").json
    assert narrow["scope"] == "exepron.restapi"
    wide = refresh(anonymous, narrow["refresh_token"], scope=f"{SCOPE} offline_access").json
    assert wide["scope"] == f"{SCOPE} offline_access"
    assert refresh(anonymous, wide["refresh_token"], scope=f"{SCOPE} email").json["error"] == "invalid_scope"


def test_host_header_does_not_matter(anonymous):
    """A request under another host name is answered as any other."""
    answer = anonymous.send(
        "POST", "/identity/connect/token", b"grant_type=password",
        **{"Content-Type": "application/x-www-form-urlencoded", "Host": "exepron.example"},
    )  # fmt: skip
    assert (answer.status, answer.json["error"]) == (401, "invalid_client")


def test_reuse_kills_the_family(anonymous):
    """A refresh token used twice ends its session: the newest one, the access tokens, and no other session."""
    other = offline(anonymous)["refresh_token"]
    first = offline(anonymous)["refresh_token"]
    second = refresh(anonymous, first)
    reuse = refresh(anonymous, first)
    assert (reuse.status, reuse.json["error"]) == (400, "invalid_grant")
    assert refresh(anonymous, second.json["refresh_token"]).json["error"] == "invalid_grant"
    assert refresh(anonymous, other).status == 200
    stolen = dataclasses.replace(anonymous, token=second.json["access_token"])
    assert stolen.get("Accounts/0/Roles").status == 401


def test_refresh_token_belongs_to_its_client(anonymous):
    """Another client cannot use a refresh token, and does no harm by trying."""
    token = offline(anonymous)["refresh_token"]
    theirs = anonymous.ask_token(
        grant_type="refresh_token", client_id=credentials.PUBLIC_CLIENT_ID, refresh_token=token
    )
    assert theirs.json["error"] == "invalid_grant"
    assert refresh(anonymous, token).status == 200


def test_lifetime_is_a_setting(serve_world, tiny, monkeypatch):
    """Tokens live as long as the server was told, and not longer."""
    from exepron_pipeline.sandbox.offer import Offer
    from exepron_pipeline.sandbox.world import World

    world = World(tiny)
    monkeypatch.setattr(world, "clock", lambda: now)
    now = 1_800_000_000
    short = serve_world(world, offer=Offer(limits=("token-lifetime=1",)))
    token = short.sign_in("sync@ten.example").json
    assert token["expires_in"] == 1
    short.token = token["access_token"]
    assert short.get("Accounts/0/Users").status == 200
    now += 2
    assert short.get("Accounts/0/Users").status == 401


def test_refresh_tokens_end(serve_tiny):
    """A refresh token whose time is up is refused."""
    client = serve_tiny(limits=("refresh-lifetime=1",))[0]
    token = offline(client)["refresh_token"]
    time.sleep(1.1)
    assert refresh(client, token).json["error"] == "invalid_grant"


def test_rotation_does_not_make_a_sign_in_live_longer():
    """A refresh token lives from the sign-in on, however often it was rotated."""
    from exepron_pipeline.sandbox.identity.clients import registered_clients
    from exepron_pipeline.sandbox.identity.refresh import RefreshTokens
    from exepron_pipeline.sandbox.identity.session import Session

    now = [0.0]
    client = registered_clients(7)[credentials.PUBLIC_CLIENT_ID]
    tokens = RefreshTokens(per_client=9, per_user=9, lifetime=60, clock=lambda: now[0])
    session = Session(client.client_id, 1, SCOPE, 0)
    text = tokens.keep(session)
    for now[0] in (20.0, 59.0):
        used = tokens.find(text, client)
        text = tokens.keep(session, used)
        assert tokens.alive() == {(1, client.client_id): 1}
    now[0] = 60.0
    assert tokens.find(text, client) is None
    assert not tokens.alive()


def test_lockout(serve_tiny):
    """Wrong passwords in a row lock a user out, and the right one is refused too; a right one in time forgives."""
    client = serve_tiny(limits=("lockout=2",), sign_in=False)[0]

    def sign_in(email, password):
        form = {"grant_type": "password", "scope": SCOPE, "username": email, "password": password}
        return client.ask_token((credentials.CLIENT_ID, SECRET), **form)

    for password, status in (("no", 400), (PASSWORD, 200), ("no", 400), (PASSWORD, 200)):
        assert sign_in("sync@ten.example", password).status == status
    for password in ("no", "no", PASSWORD):
        answer = sign_in("sync@ten.example", password)
        assert (answer.status, answer.json["error"]) == (400, "invalid_grant")
    assert sign_in("ann@ten.example", credentials.password(7, "Ann@ten.example")).status == 200


@pytest.mark.parametrize("seconds", [-600, 4000])
def test_the_clock_is_a_setting(serve_tiny, seconds):
    """A server whose clock is wrong is so in the Date header and in its tokens, and takes them all the same."""
    client = serve_tiny(limits=(f"clock={seconds}",))[0]
    now = time.time() + seconds
    claims = claims_of(client.token)
    assert abs(claims["iat"] - now) < 20
    assert claims["exp"] == claims["iat"] + 3600
    answer = client.get("Accounts/0/Roles")
    assert answer.status == 200
    assert abs(parsedate_to_datetime(answer.headers["date"]).timestamp() - now) < 20


def test_counts(serve_tiny):
    """The server counts token requests by grant and outcome, tokens issued, and refresh tokens alive."""
    client = serve_tiny(sign_in=False)[0]
    first = offline(client)["refresh_token"]
    second = refresh(client, first).json["refresh_token"]
    offline(client)
    counts = client.send("GET", "/identity/connect/counts").json
    assert counts["token_requests"] == {"password": {"ok": 2}, "refresh_token": {"ok": 1}}
    assert counts["issued"] == {"access_token": 3, "refresh_token": 3}
    assert counts["refresh_tokens_alive"] == {"1": {credentials.CLIENT_ID: 2}}
    refresh(client, first)
    refresh(client, second)
    counts = client.send("GET", "/identity/connect/counts").json
    assert counts["token_requests"]["refresh_token"] == {"ok": 1, "invalid_grant": 2}
    assert counts["requests"]["token"] == {"ok": 3, "invalid_grant": 2}
    assert counts["refresh_tokens_alive"] == {"1": {credentials.CLIENT_ID: 1}}


def test_same_seed_same_key(serve_world, tiny, anonymous):
    """The signing key follows from the seed, so a token outlives the server that issued it."""
    from exepron_pipeline.sandbox.world import World

    again = serve_world(World(tiny))
    jwks = "/identity/.well-known/jwks"
    assert again.send("GET", jwks).json == anonymous.send("GET", jwks).json


def test_token_endpoint_takes_post_only(anonymous):
    """GET at the token endpoint is 405, and so is a form of another kind an OAuth error."""
    assert anonymous.send("GET", "/identity/connect/token").status == 405
    answer = anonymous.send("POST", "/identity/connect/token", b"{}", **{"Content-Type": "application/json"})
    assert answer.status == 400
