"""Finding records that are gone: keys in ``core`` that a complete read did not bring. Not here: marking them.

Only a reconcile looks, only among the rows of its account and scope, and only with evidence that nothing
was missed. A record that was rejected still exists, so its key is not gone.
"""

from collections.abc import Sequence

from duckdb import DuckDBPyConnection

from exepron_pipeline.land.load import Load
from exepron_pipeline.land.scope import Scope
from exepron_pipeline.land.sql import INSTANT, name, names, same
from exepron_pipeline.land.staging import KEYS, SEEN
from exepron_pipeline.land.tables import Tables

GONE = "_land_gone"


def find_gone(
    con: DuckDBPyConnection, load: Load, tables: Tables, scope: Scope, *, came: Sequence[str] = ()
) -> tuple[str, ...]:
    """Make ``_land_gone``, the keys of records that are gone; return notes for the operator.

    Args:
        con: The warehouse.
        load: What was read.
        tables: Its tables.
        scope: What the rows in ``core`` were last read under.
        came: The relations that hold the keys that came; those of ``staging.py`` when none is named.

    """
    proven = load.complete and load.evidence != "none"
    looks = load.mode == "reconcile" and proven and load.scope == scope.filter
    rejected = [reject.key for reject in load.rejects if reject.key is not None]
    values = {"account": load.account_id, "looks": looks, "rejected": rejected}
    values |= {"since": scope.since, "started": load.started_at}
    staged = (KEYS, SEEN) if load.seen else (KEYS,)
    con.execute(gone_sql(tables, load.entity_set.key, came or staged), values)
    if load.mode != "reconcile" or looks:
        return ()
    reason = (
        "nothing shows that the read was complete" if not proven else "the catalogue's filter is another one"
    )
    return (f"{load.entity_set.name}: deletions were not looked for, as {reason}.",)


def gone_sql(tables: Tables, own_key: tuple[str, ...], came: Sequence[str]) -> str:
    """SQL that makes ``_land_gone``; takes ``$account``, ``$looks``, ``$since``, ``$started``, ``$rejected`` (keys as text).

    A row that another load wrote since this read began may be too new for it, so it is not gone.
    """
    types = {item.name: item.type for item in tables.core.fields}
    absent = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {each} s WHERE {same(tables.key, 's', 'c')})" for each in came
    )
    texts = ", ".join(key_text(f"c.{name(column)}", types[column]) for column in own_key)
    return (
        f"CREATE TEMP TABLE {GONE} AS SELECT {names(tables.key, 'c')} FROM {tables.core.sql} c "
        f"WHERE $looks AND c._account_id = $account AND c._deleted_at IS NULL "
        f"AND ($since IS NULL OR c._loaded_at >= $since) AND c._loaded_at <= $started "
        f"AND {absent} AND NOT list_contains(CAST($rejected AS VARCHAR[]), concat_ws(',', {texts}))"
    )


def key_text(column: str, type_name: str) -> str:
    """SQL: a part of a key as the decoder writes it, which is as Python shows it."""
    if type_name != INSTANT:
        return f"CAST({column} AS VARCHAR)"
    parts = f"strftime({column}, if(epoch_us({column}) % 1000000 = 0, '%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M:%S.%f'))"
    return f"{parts} || '+00:00'"
