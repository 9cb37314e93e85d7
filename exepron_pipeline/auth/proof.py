"""Whether stored tokens were got with the credentials that are set now.

Changed credentials must show at once, not when a token ends. Kept beside the tokens is no secret but a
salted scrypt hash (RFC 7914), dear to guess from. Not here: what follows from a mismatch (``keeper.py``).
"""

import hashlib
import hmac
import secrets

from exepron_pipeline.settings import Connection

_COST = {"n": 2**13, "r": 8, "p": 1, "dklen": 32}


def make_proof(connection: Connection) -> str:
    """Return what to keep beside tokens that these credentials gave."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}:{_hash(connection, salt).hex()}"


def is_proven(connection: Connection, proof: str | None) -> bool:
    """Tell whether the same secret and password made ``proof``; True for tokens that no credentials gave."""
    if proof is None:
        return True
    salt, _, kept = proof.partition(":")
    try:
        found = _hash(connection, bytes.fromhex(salt))
    except ValueError:
        return False
    return bool(kept) and hmac.compare_digest(found.hex(), kept)


def _hash(connection: Connection, salt: bytes) -> bytes:
    values = [
        value.get_secret_value() if value else "" for value in (connection.client_secret, connection.password)
    ]
    return hashlib.scrypt("\0".join(values).encode(), salt=salt, **_COST)
