"""No token leaves for another host: a canary elsewhere never sees who we are, whatever leads there."""

import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from exepron_pipeline.auth.keeper import Keeper
from exepron_pipeline.errors import ExepronError
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.odata.service import Service
from exepron_pipeline.settings import Connection

ELSEWHERE = "127.0.0.2"  # as good as another host: an origin is scheme, host and port
REDIRECTS = (301, 302, 303, 307, 308)
DISCOVERY, TOKEN, REVOKE = (
    "/identity/.well-known/openid-configuration",
    "/identity/connect/token",
    "/identity/connect/revocation",
)


@pytest.fixture(params=[ELSEWHERE, "127.0.0.1"], ids=["another host", "another port"])
def canary(request, canary_kit):
    """At another host, or at the same host and another port."""
    with canary_kit.canary_at(request.param) as running:
        running.url = f"http://{request.param}:{running.port}"
        yield running
        assert running.seen == []


@pytest.fixture
def tap(tapped):
    """A sandbox."""
    return tapped()


@pytest.fixture
def service(tap, here):
    """The API, asked as a run does."""
    return Service(tap.connection["api_url"], here.transport, here.keeper(tap.connection), Throttle(0, 4))


def leading(tap, reply, path, status, address):
    """Answer requests whose path begins so by a redirect."""
    headers = [(b"location", address.encode()), (b"content-length", b"0")]
    tap.instead = lambda asked: reply(status, headers) if asked.path.startswith(path) else None


@pytest.mark.parametrize("status", REDIRECTS)
def test_redirects_of_the_api_are_not_followed(tap, service, canary, reply, status):
    """A redirect is an error that names where it leads; nobody goes there."""
    leading(tap, reply, "/api/", status, f"{canary.url}/api/v1/Users")
    with pytest.raises(ExepronError):
        service.get("Accounts/Users/GetLoggedinUser")
    assert canary.requests == []


@pytest.mark.parametrize("status", REDIRECTS)
def test_redirects_of_the_token_endpoint_are_not_followed(tap, here, canary, reply, status):
    """Neither credentials nor refresh tokens are sent on, in header or form."""
    here.keeper(tap.connection).token()
    here.age()
    leading(tap, reply, TOKEN, status, f"{canary.url}/connect/token")
    with pytest.raises(ExepronError):
        here.keeper(tap.connection).token()
    with pytest.raises(ExepronError):
        here.keeper(tap.connection, scope="exepron.restapi").token()
    assert canary.requests == []


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_of_discovery_gets_no_secret(tap, here, canary, reply, status):
    """Who answers at another host is not who was named: no credential goes there."""
    leading(tap, reply, DISCOVERY, status, f"{canary.url}{DISCOVERY}")
    with pytest.raises(ExepronError):
        here.keeper(tap.connection).token()
    assert tap.token_requests == []


@pytest.mark.parametrize("status", REDIRECTS)
def test_redirects_of_revocation_are_not_followed(tap, here, canary, reply, status):
    """A token that is to be revoked is not sent on; that it was not revoked is told."""
    from exepron_pipeline.auth.client import open_client
    from exepron_pipeline.auth.login.logout import revoke

    keeper = here.keeper(tap.connection)
    keeper.token()
    leading(tap, reply, REVOKE, status, f"{canary.url}/revoke")
    client = open_client(Connection(**tap.connection), here.transport, here.state_dir)
    outcomes = revoke(keeper.forget(), client)
    assert REVOKE in [asked.path for asked in tap.asked]
    assert all(outcome.failure for outcome in outcomes)
    assert canary.requests == []


def test_userinfo_elsewhere_is_not_asked(tap, here, canary):
    """Discovery that names a userinfo endpoint at another origin: the access token goes nowhere but to the API."""
    from exepron_pipeline.auth.client import open_client
    from exepron_pipeline.auth.login.person import who_signed_in

    async def lead_away(asked, reply):
        if asked.path == DISCOVERY:
            reply.body = json.dumps(reply.document | {"userinfo_endpoint": f"{canary.url}/userinfo"}).encode()
        return reply

    tap.after = lead_away
    keeper = here.keeper(tap.connection)
    keeper.token()
    client = open_client(Connection(**tap.connection), here.transport, here.state_dir)
    assert client.provider.userinfo_endpoint == f"{canary.url}/userinfo"
    assert who_signed_in(client, keeper.forget(), {}).subject
    assert canary.requests == []


@pytest.mark.parametrize("name", ["token_endpoint", "issuer"])
def test_discovery_cannot_name_an_unsafe_place(tap, here, reply, name):
    """A token endpoint without TLS beyond the loopback, or another issuer, is refused before anything is sent."""
    document = {"issuer": f"{tap.url}/identity", "token_endpoint": f"{tap.url}{TOKEN}"}
    document[name] = "http://identity.example/connect/token"
    body = json.dumps(document).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    tap.instead = lambda asked: reply(200, headers, body) if asked.path == DISCOVERY else None
    with pytest.raises(ExepronError):
        here.keeper(tap.connection).token()
    assert tap.token_requests == []


ADDRESSES = (
    "{canary}/api/v1/users?$skip=1",
    "//{canary_host}/api/v1/users",
    "http://{own_host}@{canary_host}/api/v1/users",
    "http://{own_host}:x@{canary_host}/api/v1/users",
    "http://{canary_host}\\@{own_host}/api/v1/users",
    "http://{own_host}#@{canary_host}/api/v1/users",
    "http://{own_host}%2f@{canary_host}/api/v1/users",
    "http://{own_host};@{canary_host}/api/v1/users",
    "http:\\\\{canary_host}/api/v1/users",
    "\\\\{canary_host}\\api\\v1\\users",
    " {canary}/api/v1/users",
    "\t//{canary_host}/api/v1/users",
    "http:/{canary_host}/api/v1/users",
    "http:{canary_host}/api/v1/users",
    "HTTP://{canary_host}/api/v1/users",
    "https://{own_host}/api/v1/users",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_next_links_lead_nowhere_else(tap, service, canary, address):
    """Whatever two parsers may think of an address, the token goes to the configured origin or nowhere."""
    hosts = {"canary_host": urlsplit(canary.url).netloc, "own_host": urlsplit(tap.url).netloc}
    with pytest.raises(ExepronError):
        service.get(address.format(canary=canary.url, **hosts))
    assert canary.requests == []
    assert not [asked for asked in tap.asked if asked.path.startswith("/api")]


def test_https_is_never_left_for_http(tap, here, canary):
    """An API at https: its own host without TLS, as link or redirect, gets no token."""
    netloc = urlsplit(canary.url).netloc
    service = Service(f"https://{netloc}/api/v1", here.transport, here.keeper(tap.connection), Throttle(0, 4))
    with pytest.raises(ExepronError):
        service.get(f"http://{netloc}/api/v1/users")
    assert canary.requests == []


def test_a_sync_follows_no_next_link_to_elsewhere(tapped, canary, lab_kit, tmp_path):
    """A whole sync at a service whose next links lead to the canary: what it can read without them lands."""
    tap = tapped("page=200:split", generation="g3")
    changed = []

    async def lead_away(asked, reply):
        if asked.path.startswith("/api/") and "@odata.nextLink" in reply.document:
            reply.body = json.dumps(
                reply.document | {"@odata.nextLink": f"{canary.url}{asked.path}"}
            ).encode()
            changed.append(asked)
        return reply

    tap.after = lead_away
    lab = lab_kit.Lab(tap, tmp_path / "data")
    report = lab.sync("tasks", "roles")
    assert changed
    assert report.entity_sets["roles"].status == "ok"
    assert canary.requests == []


def test_only_get_goes_to_the_api(tap, here):
    """A form for the API's address, whatever its spelling, is refused before it is sent."""
    here.keeper(tap.connection).token()
    tap.asked.clear()
    for path in ("/api/v1/users", "/API/v1", "/api/v1/../v1/users", "/api/%761/users"):
        with pytest.raises(ExepronError, match="Refused to POST"):
            here.transport.post_form(f"{tap.url}{path}", {"a": "b"}, {})
    assert tap.asked == []


def test_the_canary_sings(canary_kit):
    """What it must never see it would notice: a header, and a secret in a form."""
    with canary_kit.canary_at(ELSEWHERE) as canary:
        for headers, body in (({"Authorization": "Bearer x"}, ""), ({}, "refresh_token=x")):
            connection = http.client.HTTPConnection(ELSEWHERE, canary.port)
            connection.request("POST", "/", body, headers)
            connection.getresponse().read()
            connection.close()
    assert [line.rpartition(" ")[2] for line in canary.seen] == ["Authorization", "refresh_token=", "token="]


def test_a_transport_that_follows_would_be_caught(canary_kit, tap, reply, here, tmp_path: Path):
    """The proofs above can fail: with redirects followed, the canary sees the credentials."""
    import httpx

    with canary_kit.canary_at(ELSEWHERE) as canary:
        leading(tap, reply, TOKEN, 307, f"http://{ELSEWHERE}:{canary.port}/connect/token")
        here.transport._client, before = httpx.Client(follow_redirects=True), here.transport._client
        try:
            Keeper(Connection(**tap.connection), here.transport, tmp_path / "other").token()
        finally:
            here.transport._client.close()
            here.transport._client = before
        assert canary.seen
