"""What the warehouse holds when a run begins, as far as the run is to know it. Not here: what is landed then."""

from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

from exepron_pipeline.land.ledger import read_watermarks
from exepron_pipeline.land.load import instant
from exepron_pipeline.land.scope import Scope, read_scopes

Place = tuple[str, str]
"""An entity set and an account."""


@dataclass(frozen=True)
class Before:
    """Watermarks, scopes, and when the last load landed (UTC), by entity set and account."""

    watermarks: dict[Place, datetime]
    scopes: dict[Place, Scope]
    moments: dict[Place, datetime]


def read_before(con: DuckDBPyConnection) -> Before:
    """Read it."""
    last = con.sql(
        "SELECT entity_set, account_id, epoch_us(max(finished_at)) FROM ops.loads WHERE status = 'ok' GROUP BY ALL"
    ).fetchall()
    moments = {(name, account): moment for name, account, us in last if (moment := instant(us))}
    return Before(read_watermarks(con), read_scopes(con), moments)
