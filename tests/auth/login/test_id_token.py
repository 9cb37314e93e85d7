import time

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from exepron_pipeline.auth.login.flow import Login
from exepron_pipeline.auth.login.id_token import LEEWAY
from exepron_pipeline.errors import AuthRejectedError

RSA = RSAKey.generate_key(2048)


@pytest.fixture
def sign_in(client_of, browser):
    """Sign in by the browser; gives what was kept, and who signed in."""

    def walk(**changes):
        kept = []
        return kept, Login(client_of(**changes), kept.append).by_browser(browser.start, opens=False)

    return walk


TIMES = {"exp", "iat"}


def refused(issuer, sign_in, browser, words):
    """Nobody is signed in: nothing is kept, and the browser is told so."""
    kept = []
    with pytest.raises(AuthRejectedError, match=rf"id_token of {issuer.url} is not valid \(.*{words}.*clock"):
        kept, _ = sign_in()
    browser.join()
    assert kept == []
    assert "Sign-in failed" in browser.page


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"iss": None}, "iss"),
        ({"aud": "another-client"}, "aud"),
        ({"aud": ["one", "two"]}, "aud"),
        ({"aud": None}, "aud"),
        ({"azp": "another-client"}, "another client"),
        ({"nonce": "of-another-sign-in"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"exp": -LEEWAY - 60}, "exp"),
        ({"exp": None}, "exp"),
        ({"iat": LEEWAY + 60}, "in the future"),
        ({"sub": ""}, "sub"),
        ({"sub": 5}, "sub"),
    ],
)
def test_a_wrong_claim_is_no_sign_in(issuer, sign_in, browser, claims, words):
    """OpenID Connect Core, 3.1.3.7: issuer, audience, party, nonce and times (here seconds from now) are checked."""
    now = int(time.time())
    issuer.claims = {
        name: now + value if name in TIMES and value else value for name, value in claims.items()
    }
    refused(issuer, sign_in, browser, words)


def test_clocks_may_differ_by_five_minutes(issuer, sign_in):
    """What ended or begins within the leeway is good."""
    now = int(time.time())
    issuer.claims = {
        "exp": now - LEEWAY + 60,
        "iat": now + LEEWAY - 60,
        "aud": ["other", "desk"],
        "azp": "desk",
    }
    assert sign_in()[1].person.subject == "77"


def test_another_key_of_the_same_name_is_no_sign_in(issuer, sign_in, browser):
    """The signature is verified with the key that the server publishes."""
    other = ECKey.generate_key("P-256", parameters={"kid": "one"})
    issuer.keys = [other.as_dict(private=False)]
    refused(issuer, sign_in, browser, "bad_signature")


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_a_token_that_anybody_can_make_is_no_sign_in(issuer, sign_in, browser, alg):
    """Neither unsigned tokens nor those signed with a shared secret are taken, also where the server lists them."""
    part = "eyJhbGciOiJub25lIn0" if alg == "none" else "eyJhbGciOiJIUzI1NiJ9"
    issuer.answer = {"id_token": f"{part}.eyJzdWIiOiI3NyJ9."}
    refused(issuer, sign_in, browser, f"'{alg}' is not")
    issuer.document = {"id_token_signing_alg_values_supported": [alg]}
    refused(issuer, sign_in, browser, f"signed by {alg}, which proves nothing")


@pytest.mark.parametrize("token", ["rubbish", "a.b.c", "é.é.é", "eyJhbGciOiJFUzI1NiJ9.W10.AA"])
def test_what_is_no_token_is_no_sign_in(issuer, sign_in, browser, token):
    """Rubbish is refused as such, and not shown."""
    issuer.answer = {"id_token": token}
    refused(issuer, sign_in, browser, "")


def test_without_keys_it_cannot_be_believed(issuer, sign_in, browser):
    """No address of keys, none at the address, rubbish there, and none that fits."""
    for document, keys, words in (
        ({"jwks_uri": None}, None, "names no keys"),
        ({"jwks_uri": f"{issuer.url}/gone"}, None, "cannot be had.*404"),
        ({"jwks_uri": f"{issuer.url}/userinfo"}, None, "there are no keys"),
        ({}, [{"kty": "AKP", "kid": "one"}], "no key of the server's fits"),
        ({}, [{**issuer.key.as_dict(private=False), "kid": "two"}], "no key of the server's fits"),
        ({}, [{"kty": "EC", "kid": "one", "crv": "P-256"}], ""),
    ):
        issuer.document, issuer.keys = document, keys
        refused(issuer, sign_in, browser, words)


@pytest.mark.parametrize(
    ("alg", "key"),
    [
        ("RS256", RSA),
        ("PS256", RSA),
        ("ES384", ECKey.generate_key("P-384")),
        ("EdDSA", OKPKey.generate_key("Ed25519")),
    ],
)
def test_every_usual_signature_is_understood(issuer, sign_in, alg, key):
    """RSA, elliptic and Edwards curves; other keys beside the right one do no harm, even without names."""
    issuer.document = {"id_token_signing_alg_values_supported": None}
    others = [ECKey.generate_key("P-521"), ECKey.generate_key("P-256"), issuer.key]
    issuer.keys = [{"kty": "AKP"}, *(each.as_dict(private=False) for each in [*others, key])]
    for each in issuer.keys:
        each.pop("kid", None)
    issuer.key, issuer.header = key, {"alg": alg, "kid": None}
    assert sign_in()[1].person.subject == "77"


def test_no_id_token_is_a_sign_in_without_openid(issuer, sign_in):
    """A server of OAuth alone gives none; who it is comes from userinfo then."""
    issuer.answer = {"id_token": None}
    assert str(sign_in()[1].person) == "Ada & <Co> (subject 77)"


# -- who it is -------------------------------------------------------------------------------------------


def test_the_name_in_the_id_token_is_enough(issuer, sign_in):
    """Userinfo is asked only where the name is missing, and by header only."""
    issuer.claims = {"preferred_username": "ada\x1b]0;"}
    assert str(sign_in()[1].person) == "ada]0; (subject 77)"
    assert "/userinfo" not in [path for path, _ in issuer.requests]
    issuer.claims = {}
    kept, _ = sign_in()
    assert ("/userinfo", {}) in issuer.requests
    assert f"Bearer {kept[0].access_token}" in issuer.authorizations


@pytest.mark.parametrize(
    "person", [{"sub": "78", "name": "Eve"}, {"name": "Eve"}, {"sub": "77"}, {"sub": "77", "name": 5}]
)
def test_userinfo_of_somebody_else_is_not_believed(issuer, sign_in, person):
    """OpenID Connect Core, 5.3.2: another subject is another person."""
    issuer.person = person
    assert str(sign_in()[1].person) == "subject 77"


def test_the_token_goes_to_no_userinfo_elsewhere(issuer, sign_in, browser):
    """Discovery may name any host; the access token is not taken there."""
    other = type(issuer)()
    try:
        issuer.document = {"userinfo_endpoint": f"{other.url}/userinfo"}
        assert str(sign_in()[1].person) == "subject 77"
        assert other.requests == []
    finally:
        other.close()


def test_a_server_that_tells_nothing_is_no_failure(issuer, sign_in):
    """Whose session it is may be unknown; it is one all the same."""
    issuer.answer, issuer.document = {"id_token": None}, {"userinfo_endpoint": f"{issuer.url}/gone"}
    assert str(sign_in()[1].person) == "somebody whom the server does not name"
