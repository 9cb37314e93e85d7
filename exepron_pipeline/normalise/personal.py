"""Personal columns under the policy ``hash``: a keyed hash takes the place of the value.

Here: the key file and the hash. Not here: which columns are personal (``catalogue``) and which the
other policies leave out (``contract``). The hash is HMAC-SHA256, so that without the key nobody can try
names until one fits; the same value has the same hash in every table, so that joins still work.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Any

import pyarrow as pa

from exepron_pipeline.errors import ConfigurationError, WarehouseError
from exepron_pipeline.normalise.values import by_distinct

_FILE = "personal.key"
_BYTES = 32


def personal_key(state_dir: Path) -> bytes:
    """The key of this data folder, made on first use and never changed after.

    Args:
        state_dir: The folder ``state``; made when missing.

    Raises:
        ConfigurationError: The file does not hold such a key.
        WarehouseError: The folder cannot be used.

    """
    path = state_dir / _FILE
    try:
        if not path.exists():
            _make(path)
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        hint = "Make the folder writable for this user."
        raise WarehouseError(f"{path} cannot be read or written: {error.strerror}.", hint=hint) from None
    return _key(text, path)


def _make(path: Path) -> None:
    """Write a new key beside and link it into place: of two processes, one wins and both read its key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{_FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _key(text: str, path: Path) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) == _BYTES:
        return key
    hint = "Restore it from a backup; with a new key the hashes of the same people differ from those stored."
    raise ConfigurationError(f"{path} holds no key of {_BYTES} bytes in hexadecimal.", hint=hint)


def hashed(values: pa.Array, key: bytes) -> pa.Array:
    """Hash a column: lower-case hexadecimal text, null stays null.

    Args:
        values: A column of any plain type; numbers and dates are hashed as their text.
        key: From `personal_key`.

    """
    return by_distinct(values, lambda value: _digest(value, key), pa.string())


def _digest(value: Any, key: bytes) -> str:
    message = value if isinstance(value, bytes) else str(value).encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()
