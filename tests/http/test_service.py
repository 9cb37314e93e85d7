import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.errors import (
    AuthRejectedError,
    EntitySetMissingError,
    NetworkError,
    NotPermittedError,
    PermanentError,
    RateLimitedError,
    ResponseError,
    ServerUnavailableError,
)
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.odata.address import resolve
from exepron_pipeline.odata.service import Service

BASE = "https://api.example/api/v1"


class _Tokens:
    """Gives numbered tokens; refuses to renew more often than it may."""

    def __init__(self, renewals: int = 1) -> None:
        self.renewals, self.refused = renewals, []
        self.missing: tuple[str, ...] = ()

    def token(self) -> str:
        return f"token-{len(self.refused)}"

    def renew(self, refused: str) -> str:
        self.refused.append(refused)
        if len(self.refused) > self.renewals:
            raise AuthRejectedError("No other token.")
        return self.token()

    def not_granted(self) -> tuple[str, ...]:
        return self.missing


@pytest.fixture
def tokens():
    """Give a source of tokens that can renew once."""
    return _Tokens()


@pytest.fixture
def service(server, transport, tokens):
    """Give a service at the scripted server."""
    return Service(f"{server.url}/api/v1/", transport, tokens, Throttle(0, 4))


def test_a_question_carries_the_token_and_wants_json(server, service):
    """The token is in the header only, and the query is sent as it is written."""
    assert service.get("Accounts/1/Users?$top=5&$filter=a%20eq%20'b'").body == b"{}"
    asked = server.asked[0]
    assert asked.target == "/api/v1/Accounts/1/Users?$top=5&$filter=a%20eq%20'b'"
    assert (asked.headers["authorization"], asked.headers["accept"]) == ("Bearer token-0", "application/json")
    assert service.requests == 1


def test_a_refused_token_is_renewed_once(server, service, tokens, answer):
    """After a 401 the question is asked again with another token."""
    server.answer(answer(401), answer(200, b"[1]"))
    assert service.get("Users").body == b"[1]"
    assert tokens.refused == ["token-0"]
    assert [asked.headers["authorization"] for asked in server.asked] == ["Bearer token-0", "Bearer token-1"]


def test_a_token_refused_twice_is_not_asked_for_again(server, service, tokens, answer):
    """Two refusals end it, without a loop and without the token in the message."""
    server.answer(answer(401, b'{"message":"token-1 is unknown"}'))
    with pytest.raises(AuthRejectedError, match="GET Users was answered with 401"):
        service.get("Users")
    assert (len(server.asked), tokens.refused) == (2, ["token-0"])


def test_an_api_that_refuses_everything_costs_one_token(server, service, tokens, answer):
    """A new token that was refused at once is not renewed for each further question, until it is accepted."""
    server.answer(answer(401))
    for _ in range(3):
        with pytest.raises(AuthRejectedError, match="401"):
            service.get("Users")
    assert (len(server.asked), tokens.refused) == (4, ["token-0"])
    tokens.renewals = 2
    server.answer(answer(200), answer(401), answer(200))
    service.get("Users")
    service.get("Users")
    assert tokens.refused == ["token-0", "token-1"]


def test_a_refusal_after_a_smaller_grant_names_the_scope(server, service, tokens, answer):
    """Who may not see something learns that the token lacks a scope; without one nothing is guessed."""
    server.answer(answer(403))
    with pytest.raises(NotPermittedError) as plain:
        service.get("Users")
    tokens.missing = ("exepron.restapi:extended",)
    with pytest.raises(NotPermittedError, match=r"without the scope exepron\.restapi:extended") as explained:
        service.get("Users")
    assert "scope" not in plain.value.message
    assert "Allow the client that scope" in explained.value.hint


def test_a_token_is_taken_when_the_question_is_sent(server, transport, answer):
    """While one waits for one's turn or after a failure, a token of a few seconds ends: each attempt takes a fresh one."""

    class Short(_Tokens):
        given = 0

        def token(self) -> str:
            self.given += 1
            return f"short-{self.given}"

    server.answer(answer(503), answer(503), answer(200, b"[1]"))
    tokens = Short()
    Service(server.url, transport, tokens, Throttle(0, 1)).get("Users")
    sent = [asked.headers["authorization"] for asked in server.asked]
    assert sent == ["Bearer short-1", "Bearer short-2", "Bearer short-3"]
    assert tokens.refused == []


def test_a_source_that_has_no_other_token_says_so(server, transport, answer):
    """The error of the token source is the one that the reader sees."""
    server.answer(answer(401))
    service = Service(server.url, transport, _Tokens(renewals=0), Throttle(0, 1))
    with pytest.raises(AuthRejectedError, match="No other token"):
        service.get("Users")


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 503},
        {"status": 429, "headers": {"Retry-After": "0"}},
        {"raw": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,2"},
        {"raw": b""},
        {"body": gzip.compress(b"[1]" * 99, mtime=0)[:-9], "headers": {"Content-Encoding": "gzip"}},
    ],
    ids=["down", "limited", "cut", "hung up", "half packed"],
)
def test_what_passes_is_asked_again(server, service, answer, trouble):
    """A failed attempt costs a request and nothing else."""
    server.answer(answer(**trouble), answer(**trouble), answer(200, b"[1]"))
    assert service.get("Users").body == b"[1]"
    assert service.requests == len(server.asked) == 3


@pytest.mark.parametrize(
    ("status", "error", "attempts"),
    [
        (403, NotPermittedError, 1),
        (404, EntitySetMissingError, 1),
        (302, PermanentError, 1),
        (503, ServerUnavailableError, 6),
        (429, RateLimitedError, 6),
    ],
)
def test_what_stays_is_raised(server, service, answer, status, error, attempts):
    """Lasting troubles are asked once, passing ones six times."""
    server.answer(answer(status))
    with pytest.raises(error):
        service.get("Users")
    assert len(server.asked) == attempts


def test_a_login_page_is_no_answer(server, service, answer):
    """200 with a web page is an error, not data."""
    server.answer(answer(200, b"<html><title>Log in</title>", {"Content-Type": "text/html"}))
    with pytest.raises(ResponseError, match="Log in"):
        service.get("Users")


def test_a_wait_longer_than_the_deadline_fails_at_once(server, service, answer):
    """Nobody sleeps for an hour inside of a run."""
    server.answer(answer(429, b"", {"Retry-After": "3600"}))
    with pytest.raises(RateLimitedError) as caught:
        service.get("Users")
    assert (caught.value.retry_after, len(server.asked)) == (3600, 1)


def test_the_identity_server_being_down_is_not_retried_again(server, transport):
    """The token source has its own patience; the two do not multiply."""

    class Down(_Tokens):
        calls = 0

        def token(self) -> str:
            self.calls += 1
            raise NetworkError("The identity server is down.")

    tokens = Down()
    with pytest.raises(NetworkError):
        Service(server.url, transport, tokens, Throttle(0, 1)).get("Users")
    assert (tokens.calls, server.asked) == (1, [])


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("Users", f"{BASE}/Users"),
        ("", f"{BASE}/"),
        ("Users?$filter=a%20eq%20'http://x/'", f"{BASE}/Users?$filter=a%20eq%20'http://x/'"),
        ("Users('a:b')?", f"{BASE}/Users('a:b')?"),
        (f"{BASE}/Users?$skiptoken=5", f"{BASE}/Users?$skiptoken=5"),
        ("HTTPS://API.example:443/api/v1/Users", f"{BASE}/Users"),
        ("https://api.example/API/v1/Users", "https://api.example/API/v1/Users"),
        ("/api/v1/Users", f"{BASE}/Users"),
        (BASE, BASE),
    ],
)
def test_addresses_below_the_base_are_taken(address, whole):
    """Relative, absolute and whole addresses end at the base's own origin."""
    assert resolve(BASE, address) == whole


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/api/v1/Users",
        "https://api.example@evil.example/api/v1/Users",
        "https://user:pw@api.example/api/v1/Users",
        "https://api.example:8443/api/v1/Users",
        "http://api.example/api/v1/Users",
        "https://api.example.evil.example/api/v1/Users",
        "https://api.example/api/v10/Users",
        "https://api.example/connect/token",
        "//evil.example/api/v1/Users",
        "/connect/token",
        "../../connect/token",
        "%2e%2e/%2E%2e/connect/token",
        "a/..%2f..%2f..%2fconnect/token",
        "a/..%5c..",
        "\\\\evil.example\\x",
        "https:\\\\evil.example/api/v1",
        "https:evil.example",
        "javascript:alert(1)",
        "https://[::1/api/v1",
        "https://api.example:x/api/v1",
        "Users\r\nX: y",
        "Users?a\nb",
        "Users#part",
        " https://evil.example/",
    ],
)
def test_the_token_goes_nowhere_else(address):
    """Other origins, users in front of hosts, dots and control characters are refused, without the password."""
    with pytest.raises(PermanentError, match="Refused to send the token") as caught:
        resolve(BASE, address)
    assert "pw" not in str(caught.value)


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_whatever_is_asked_goes_below_the_base(text):
    """No text at all leads to another origin or path."""
    for address in (text, f"https://{text}", f"{BASE}{text}"):
        try:
            whole = resolve(BASE, address)
        except PermanentError:
            continue
        assert whole == BASE or whole.startswith((f"{BASE}/", f"{BASE}?"))
