import dataclasses
from urllib.parse import urlencode

import pytest

from exepron_pipeline.sandbox import credentials

SECRET = {
    "client_id": credentials.CLIENT_ID,
    "client_secret": credentials.client_secret(7, credentials.CLIENT_ID),
}
PUBLIC = {"client_id": credentials.PUBLIC_CLIENT_ID}


def revoke(client, **form):
    """A request at the revocation endpoint."""
    return client.send(
        "POST", "/identity/connect/revocation", urlencode(form).encode(),
        **{"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip


def status_at_api(client, tokens):
    """What the API says to an access token."""
    return dataclasses.replace(client, token=tokens["access_token"]).get("Accounts/0/Roles").status


def refresh(client, tokens):
    """Use the refresh token of the public client."""
    return client.ask_token(**PUBLIC, grant_type="refresh_token", refresh_token=tokens["refresh_token"])


@pytest.mark.parametrize(
    "hint", [{}, {"token_type_hint": "refresh_token"}, {"token_type_hint": "access_token"}]
)
def test_a_refresh_token_ends_with_its_session(person, anonymous, hint):
    """Revoking a refresh token ends it and the access tokens of the same sign-in, whatever the hint says."""
    tokens, other = person.sign_in(), person.sign_in()
    newer = refresh(anonymous, tokens).json
    assert status_at_api(anonymous, tokens) == 200
    assert revoke(anonymous, **PUBLIC, **hint, token=newer["refresh_token"]).status == 200
    assert refresh(anonymous, newer).json["error"] == "invalid_grant"
    assert status_at_api(anonymous, tokens) == status_at_api(anonymous, newer) == 401
    assert status_at_api(anonymous, other) == 200
    assert refresh(anonymous, other).status == 200


def test_an_access_token_ends_alone(person, anonymous):
    """Revoking an access token makes it a 401 at the API; the refresh token of its sign-in gives another one."""
    tokens = person.sign_in()
    assert revoke(anonymous, **PUBLIC, token=tokens["access_token"]).status == 200
    assert status_at_api(anonymous, tokens) == 401
    assert status_at_api(anonymous, refresh(anonymous, tokens).json) == 200


def test_an_unknown_token_is_no_error(anonymous):
    """What is not good any more, or never was, is revoked already (RFC 7009, 2.2)."""
    assert revoke(anonymous, **PUBLIC, token="nonsense").status == 200
    answer = revoke(anonymous, **SECRET, token="a.b.c", token_type_hint="access_token")
    assert answer.status == 200


def test_who_may_revoke(person, anonymous):
    """The client authenticates, and may end its own tokens only."""
    tokens = person.sign_in()
    for token in (tokens["refresh_token"], tokens["access_token"]):
        assert revoke(anonymous, token=token).json["error"] == "invalid_client"
        assert (
            revoke(anonymous, client_id=credentials.CLIENT_ID, token=token).json["error"] == "invalid_client"
        )
        theirs = revoke(anonymous, **SECRET, token=token)
        assert (theirs.status, theirs.json["error"]) == (400, "invalid_grant")
    assert status_at_api(anonymous, tokens) == 200


def test_requests_without_sense(anonymous):
    """A request without token is invalid_request; a kind of token that does not exist unsupported_token_type."""
    missing = revoke(anonymous, **PUBLIC)
    assert (missing.status, missing.json["error"]) == (400, "invalid_request")
    odd = revoke(anonymous, **PUBLIC, token="x", token_type_hint="id_token")
    assert (odd.status, odd.json["error"]) == (400, "unsupported_token_type")


def test_revocations_are_counted(serve_tiny, person_at):
    """A revoked session has no refresh token alive, and the counts say so."""
    client = serve_tiny(sign_in=False)[0]
    tokens = person_at(client).sign_in()
    revoke(client, **PUBLIC, token=tokens["refresh_token"])
    counts = client.send("GET", "/identity/connect/counts").json
    assert counts["requests"]["revocation"] == {"ok": 1}
    assert counts["refresh_tokens_alive"] == {}
