"""Searches whatever a program left behind for secrets, in every spelling in which one could show.

Here: the search. Not here: what is searched, and for which secrets.
"""

import base64
import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

import duckdb
import pyarrow as pa

SHORTEST = 12  # bytes of base64 that are still a find: shorter ones are chance


def spellings(secret: str) -> set[bytes]:
    """A secret as it is, escaped in JSON, URL-encoded, and in base64 wherever it begins in a longer text.

    In base64 three bytes make four characters: of a secret that begins at the first, second or third byte of
    a group, those characters that depend on nothing else are searched for.
    """
    raw = secret.encode()
    plain = {secret, json.dumps(secret)[1:-1], quote(secret), quote(secret, safe=""), quote_plus(secret)}
    found = {each.encode() for each in plain}
    inner = {_inside(each, shift) for each in (raw, *found) for shift in range(3)}
    long_enough = {each for each in inner if len(each) >= SHORTEST}
    return found | long_enough | {each.replace(b"+", b"-").replace(b"/", b"_") for each in long_enough}


def _inside(raw: bytes, shift: int) -> bytes:
    encoded = base64.b64encode(b"\0" * shift + raw)
    return encoded[-(-shift * 4 // 3) : (shift + len(raw)) * 4 // 3]


def leaks(secrets: Iterable[str], texts: Mapping[str, bytes]) -> list[str]:
    """Where a secret was found; the secret itself is not told, but by its first three characters."""
    wanted = {spelling: secret for secret in secrets for spelling in spellings(secret)}
    return [
        f"{place}: {secret[:3]}..."
        for place, text in texts.items()
        for spelling, secret in wanted.items()
        if spelling in text
    ]


def files_of(*folders: Path) -> dict[str, bytes]:
    """All files below folders, by path, unpacked where they are packed; and their names: a secret may be in one."""
    found = {path for folder in folders for path in folder.rglob("*")}
    files = [path for path in found if path.is_file() and not path.is_symlink()]
    texts = {str(path): _unpacked(path) for path in files}
    return texts | {"the names of files": "\n".join(map(str, found)).encode()}


def _unpacked(path: Path) -> bytes:
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zst":
        with pa.input_stream(path, compression="zstd") as stream:
            return bytes(stream.read())
    if path.name == "warehouse.duckdb":
        return path.read_bytes() + _tables(path)
    return path.read_bytes()


def _tables(path: Path) -> bytes:
    """What the pipeline itself writes about its loads: columns are compressed in the file."""
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.execute(
            "FROM duckdb_tables() SELECT table_name WHERE schema_name = 'ops'"
        ).fetchall()
        return "".join(str(connection.execute(f'FROM ops."{name}"').fetchall()) for (name,) in names).encode()
