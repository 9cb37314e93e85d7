"""Bringing a file of an older program up to date. Not here: what changes (``migrations/``)."""

from datetime import UTC, datetime
from importlib.resources import files
from itertools import count

from duckdb import DuckDBPyConnection

from exepron_pipeline.land import ddl, ops
from exepron_pipeline.land.fingerprint import renew_hashes
from exepron_pipeline.land.sql import transaction

FIRST = 1
"""The version of the tables of the first release."""


def _load() -> dict[int, str]:
    """The SQL of each migration, by the version that it makes, in order.

    Raises:
        ValueError: Two make the same version, or one is missing.

    """
    folder = files(f"{__package__}.migrations")
    found = sorted(item.name for item in folder.iterdir() if item.name.endswith(".sql"))
    for name, version in zip(found, count(FIRST + 1), strict=False):
        if int(name.partition("_")[0]) != version:
            raise ValueError(f"land/migrations/{name}: the next version is {version:04}")
    texts = [(folder / name).read_text(encoding="utf-8") for name in found]
    return dict(zip(count(FIRST + 1), texts, strict=False))


MIGRATIONS = _load()
VERSION = max(MIGRATIONS, default=FIRST)
"""The version of the tables that this program makes, and the newest that it understands."""


def migrate(con: DuckDBPyConnection, version: int) -> None:
    """Bring the tables of ours from ``version`` to `VERSION`, all at once or not at all; nothing when they are there.

    Row hashes that another DuckDB made otherwise are forgotten.

    Args:
        con: A warehouse, with no transaction open.
        version: What ``ops.meta`` says.

    """
    with transaction(con):
        if version < VERSION:
            for step in range(version + 1, VERSION + 1):
                con.execute(MIGRATIONS[step])
            ddl.ensure(con, ops.TABLES, load_id=f"version {VERSION}", moment=datetime.now(UTC))
            con.execute("UPDATE ops.meta SET version = ?", [VERSION])
        renew_hashes(con)
