"""Who may sign in at the sandbox's identity server, and with what.

Here belong the client ids, and the secrets and passwords that follow from the seed. Not here: the check
of them (``identity``). None of this is secret: the sandbox listens on the loopback only and holds
invented data, and whoever knows the seed knows everything.

The values are awkward on purpose (blank, ``:``, ``+``, ``%``, ``&``, ``=``): a client that does not
form-encode them (RFC 6749, 2.3.1 and appendix B) is found here, and not at a customer's.
"""

import hashlib
import hmac

CLIENT_ID = "exepron-sandbox"
"""Confidential: password, authorization code, device code and refresh token."""

SERVICE_CLIENT_ID = "exepron-sandbox-service"
"""Confidential: client credentials, acting for the service user of the first account."""

PUBLIC_CLIENT_ID = "exepron-sandbox-public"
"""Without secret, for people at a browser: authorization code, device code and refresh token."""

REDIRECT_URI = "http://127.0.0.1:8765/callback"
"""Where both clients for people take a browser back; with any port."""

WEB_REDIRECT_URI = "https://app.exepron-sandbox.example/callback"
"""Where the confidential one takes it, too."""


def derive(seed: int, purpose: str) -> bytes:
    """32 bytes that belong to the seed and the purpose, the same on every machine."""
    return hmac.digest(f"exepron sandbox {seed}".encode(), purpose.encode(), hashlib.sha256)


def client_secret(seed: int, client_id: str) -> str:
    """The secret of a confidential client of the sandbox with this seed."""
    digest = derive(seed, f"client {client_id}").hex()
    return f"sandbox {digest[:8]}:+%/{digest[8:24]}"


def password(seed: int, email: str) -> str:
    """The password of the user with this ``email`` in the sandbox with this seed."""
    digest = derive(seed, f"user {email.casefold()}").hex()
    return f"sandbox&{digest[:8]}=+%{digest[8:24]}"
