"""Writing ``history``: a bitemporal table of all versions. Not here: what changed (``changes.py``).

A version says: from ``_valid_from`` to ``_valid_to`` it was so in Exepron, and from ``_known_from`` to
``_known_to`` the warehouse said so. When a record changes, its open version is no longer said
(``_known_to``), it is restated with an end (``_valid_to``), and the new version follows it. So nothing
that was ever said is lost, and at each instant of knowledge the versions of a key meet without gap or
overlap. A deletion is a version with ``_op = 'delete'``.
"""

from datetime import datetime

from duckdb import DuckDBPyConnection

from exepron_pipeline.land.changes import CHANGES, OPEN
from exepron_pipeline.land.ddl import Table
from exepron_pipeline.land.load import Load
from exepron_pipeline.land.slices import SOME, write_rows
from exepron_pipeline.land.sql import name, names, same
from exepron_pipeline.land.staging import INCOMING, ITEMS
from exepron_pipeline.land.tables import ChildTables, Tables

_OWN = ("_load_id", "_op", "_valid_from", "_valid_to", "_known_from", "_known_to")


def write_history(con: DuckDBPyConnection, load: Load, tables: Tables, moment: datetime) -> None:
    """Add the versions of ``_land_changes`` to the entity set's history.

    Args:
        con: The warehouse, in a transaction.
        load: The load.
        tables: Its tables.
        moment: When the warehouse comes to know; later than that of any former load of this account.

    """
    known = {"load": load.load_id, "moment": moment}
    for table in (tables.history, *(child.history for child in tables.children)):
        con.execute(close_versions(table, tables.key), {"moment": moment})
        con.execute(restate_versions(table, tables.key), known)
    con.execute(add_tombstones(tables), known)
    write_rows(con, load, add_versions(tables), known)
    for child in tables.children:
        write_rows(con, load, add_items(child, tables.key), known)


def close_versions(history: Table, key: tuple[str, ...]) -> str:
    """SQL: what was open is no longer said; takes ``$moment``."""
    return f"UPDATE {history.sql} h SET _known_to = $moment FROM {CHANGES} x WHERE {OPEN} AND {same(key, 'h', 'x')}"


def restate_versions(history: Table, key: tuple[str, ...]) -> str:
    """SQL: what was open is said again, with an end; takes ``$load`` and ``$moment``.

    A version that would last no time is not said again.
    """
    return (
        f"{_insert(history, 'h')} $load, h._op, h._valid_from, x._from, $moment, NULL "
        f"FROM {history.sql} h JOIN {CHANGES} x ON {same(key, 'h', 'x')} "
        f"WHERE {_closed_now()} AND h._valid_from < x._from"
    )


def add_tombstones(tables: Tables) -> str:
    """SQL: deleted records get a version that says so, with their last fields; takes ``$load`` and ``$moment``."""
    return (
        f"{_insert(tables.history, 'h')} $load, 'delete', x._from, NULL, $moment, NULL "
        f"FROM {tables.history.sql} h JOIN {CHANGES} x ON {same(tables.key, 'h', 'x')} "
        f"WHERE {_closed_now()} AND x._op = 'delete'"
    )


def add_versions(tables: Tables) -> str:
    """SQL: new and changed records of some pages get their version; takes ``$load``, ``$moment``, ``$first``, ``$last``."""
    data = [column for column in tables.history.names if column not in {*_OWN, "_row_hash"}]
    return (
        f"INSERT INTO {tables.history.sql} ({names([*data, '_row_hash', *_OWN])}) "
        f"SELECT {names(data, 's')}, x._row_hash, $load, x._op, x._from, NULL, $moment, NULL "
        f"FROM {INCOMING} s JOIN {CHANGES} x ON s._arrived = x._arrived AND {SOME}"
    )


def add_items(child: ChildTables, key: tuple[str, ...]) -> str:
    """SQL: the lists of new and changed records of some pages get their versions; takes the same."""
    return (
        f"{_insert(child.history, 'i')} $load, x._op, x._from, NULL, $moment, NULL "
        f"FROM {name(ITEMS + child.name)} i JOIN {CHANGES} x ON {same([*key, '_page'], 'i', 'x')} AND {SOME}"
    )


def _insert(history: Table, of: str) -> str:
    data = [column for column in history.names if column not in _OWN]
    return f"INSERT INTO {history.sql} ({names([*data, *_OWN])}) SELECT {names(data, of)},"


def _closed_now() -> str:
    return "h._known_to = $moment AND h._valid_to IS NULL"
