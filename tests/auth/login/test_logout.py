import pytest

from exepron_pipeline.auth.login.logout import revoke
from exepron_pipeline.auth.refusal import GrantRefusedError
from exepron_pipeline.auth.token import Tokens
from exepron_pipeline.errors import AuthRejectedError, ServerUnavailableError

TOKENS = Tokens("the-access", "authorization_code", 0.0, 60.0, "the-refresh")


def test_both_tokens_are_revoked_the_refresh_token_first(issuer, client_of):
    """RFC 7009, 2.1: with their kind, as a public client; an empty answer of any media type is a good one."""
    done = revoke(TOKENS, client_of())
    assert [(each.kind, each.failure) for each in done] == [("refresh_token", None), ("access_token", None)]
    assert issuer.revoked == [("refresh_token", "the-refresh"), ("access_token", "the-access")]
    assert issuer.requests[-1][1]["client_id"] == "desk"


def test_a_client_with_secret_proves_who_it_is(issuer, client_of):
    """RFC 7009, 2.1: as at the token endpoint."""
    revoke(TOKENS, client_of(client_secret="a secret"))
    assert issuer.authorizations[-1].startswith("Basic ")


def test_what_is_not_there_is_not_revoked(issuer, client_of):
    """Without a refresh token only the access token is."""
    revoke(Tokens("the-access", "password", 0.0), client_of())
    assert issuer.revoked == [("access_token", "the-access")]


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (
            (400, {}, b'{"error": "unsupported_token_type"}'),
            GrantRefusedError,
            "does not revoke tokens of this kind",
        ),
        ((400, {}, b'{"error": "invalid_request"}'), GrantRefusedError, "refuses the revocation"),
        ((503, {}, b""), ServerUnavailableError, "503"),
        ((200, {"Content-Type": "text/html"}, b"<title>Log in</title>"), AuthRejectedError, "Log in"),
    ],
)
def test_what_could_not_be_revoked_is_told(issuer, client_of, reply, kind, words):
    """Each failure is in the answer, and the other token is tried all the same."""
    issuer._revoke = lambda _: reply
    done = revoke(TOKENS, client_of())
    assert [each.kind for each in done] == ["refresh_token", "access_token"]
    for each in done:
        assert isinstance(each.failure, kind)
        assert words in each.failure.message
        assert "the-refresh" not in str(each.failure)
