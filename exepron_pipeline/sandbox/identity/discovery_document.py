"""What the identity server says of itself (OpenID Connect Discovery 1.0, 3; RFC 8414, 2; RFC 8628, 4; RFC 9207, 3).

Here belongs the document. Not here: anything that it says there is.
"""

from exepron_pipeline.sandbox.identity.authority import Authority
from exepron_pipeline.sandbox.identity.authorize import CODE_CHALLENGE_METHODS
from exepron_pipeline.sandbox.identity.clients import SCOPES
from exepron_pipeline.sandbox.identity.tokens import ALGORITHM

CLAIMS = (
    "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash",
    "preferred_username", "given_name", "family_name", "email",
)  # fmt: skip
ENDPOINTS = {
    "jwks_uri": "/.well-known/jwks",
    "authorization_endpoint": "/connect/authorize",
    "token_endpoint": "/connect/token",
    "userinfo_endpoint": "/connect/userinfo",
    "revocation_endpoint": "/connect/revocation",
    "device_authorization_endpoint": "/connect/deviceauthorization",
}
"""Paths below the issuer."""


def discovery_document(authority: Authority) -> dict[str, object]:
    """The document of this server."""
    methods = list(authority.client_authentication)
    return {
        "issuer": authority.issuer_url,
        **{name: f"{authority.issuer_url}{path}" for name, path in ENDPOINTS.items()},
        "grant_types_supported": authority.grant_types,
        "scopes_supported": list(SCOPES),
        "claims_supported": list(CLAIMS),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "prompt_values_supported": ["none", "login", "consent"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": CODE_CHALLENGE_METHODS,
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }
