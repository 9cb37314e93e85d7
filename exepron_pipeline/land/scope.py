"""The scope of an entity set: under which filter its rows were read whole, and since when. Not here: the reading.

A record that another filter leaves out is out of scope, not deleted. So the read that first applies another
filter marks nothing as deleted, and writes anew each row that it brought; from then on only rows that were
written since can be found to be gone. Without a filter every row can.
"""

from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

from exepron_pipeline.land.load import Load
from exepron_pipeline.land.sql import instant, same
from exepron_pipeline.land.staging import KEYS
from exepron_pipeline.land.tables import Tables


@dataclass(frozen=True)
class Scope:
    """What the rows of one entity set and account were last read under.

    ``filter`` is empty for everything. Rows written before ``since`` may be out of scope; None: none are.
    """

    filter: str = ""
    since: datetime | None = None


def read_scopes(con: DuckDBPyConnection) -> dict[tuple[str, str], Scope]:
    """Read the scope of each entity set and account; those that were never narrowed are not among them."""
    rows = con.sql("SELECT entity_set, account_id, filter, epoch_us(since) FROM ops.scopes").fetchall()
    return {(entity_set, account): Scope(text, instant(us)) for entity_set, account, text, us in rows}


def scope_of(con: DuckDBPyConnection, load: Load) -> Scope:
    """The scope that the rows of this load's set and account have now."""
    return read_scopes(con).get((load.entity_set.name, load.account_id), Scope())


def adopt_scope(con: DuckDBPyConnection, load: Load, tables: Tables, moment: datetime) -> None:
    """Take over the filter of a load that read its scope whole, once its rows are in ``core``."""
    known = {"load": load.load_id, "moment": moment}
    con.execute(
        f"UPDATE {tables.core.sql} c SET _load_id = $load, _loaded_at = $moment FROM {KEYS} s "
        f"WHERE s._op = 'unchanged' AND {same(tables.key, 'c', 's')}",
        known,
    )
    where = {"entity_set": load.entity_set.name, "account_id": load.account_id}
    con.execute("DELETE FROM ops.scopes WHERE entity_set = $entity_set AND account_id = $account_id", where)
    since = moment if load.scope else None
    con.execute(
        "INSERT INTO ops.scopes VALUES ($entity_set, $account_id, $filter, $since, $load)",
        {**where, "filter": load.scope, "since": since, "load": load.load_id},
    )
