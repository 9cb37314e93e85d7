"""Fields that were kept in ``_extra`` and have a place in the contract now: moved there, in ``core`` and in all versions.

Nothing changed in Exepron, so no row is rewritten and no version added: what was known is only kept elsewhere. A value
that does not fit its column stays in ``_extra``. Not here: which fields there are (``drift.py``).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from exepron_pipeline.land.ddl import Change, Table, record_change
from exepron_pipeline.land.layout import layout_of
from exepron_pipeline.land.load import Load
from exepron_pipeline.land.sql import name, names, same
from exepron_pipeline.land.tables import Tables
from exepron_pipeline.normalise.batches import Decoder
from exepron_pipeline.normalise.records import Items, Records

ROW = "_land_row"
_MOVED, _ITEMS = "_land_moved", "_land_moved_items"
_AT_ONCE = 20_000
_OF_LISTS = ("_load_id", "_loaded_at", "_op", "_valid_from", "_valid_to", "_known_from", "_known_to")


def accept(con: DuckDBPyConnection, load: Load, tables: Tables, moment: datetime) -> tuple[str, ...]:
    """Move the fields that the contract takes now; return what to tell, nothing when there is nothing to move."""
    decoder = load.decoder
    told = layout_of(con).fields["core", tables.core.name]
    unknown = sorted(field for field, change in told.items() if change == "unknown")
    fields = [field for field in unknown if decoder and decoder.takes(field)]
    if not fields or decoder is None:
        return ()
    unfit = _move(
        con, tables, tables.core, {child.name: child.core for child in tables.children}, decoder, fields
    )
    _move(
        con, tables, tables.history, {child.name: child.history for child in tables.children}, decoder, fields
    )
    for field in fields:
        record_change(con, tables.core, Change(field, "accepted", None, None), load.load_id, moment)
    moved = f"{', '.join(fields)} moved from _extra to where the catalogue says now."
    return (f"{moved} In {unfit} rows a value does not fit, and stays in _extra." if unfit else moved,)


def _move(
    con: DuckDBPyConnection,
    tables: Tables,
    table: Table,
    lists: Mapping[str, Table],
    decoder: Decoder,
    fields: Sequence[str],
) -> int:
    """Move fields within one table and its lists; count rows of which a value does not fit."""
    columns = [column for field in fields for column in decoder.columns_from(field) if column in table.names]
    parts = [part for part in map(decoder.list_from, fields) if part and part[0] in lists]
    unfit = 0
    for rows, records in _decoded(con, table, decoder):
        fits = pa.array([at not in records.reasons for at in range(records.count)])
        unfit += len(records.reasons)
        for list_name, filled in parts:
            items = _items(rows, records.lists[list_name], fits)
            if filled is None:
                _insert(con, tables, table, lists[list_name], items)
            else:
                _fill(con, tables, table, lists[list_name], items.select([ROW, "_position", *filled]))
        moved = pa.table(
            {ROW: rows, "_extra": records.extra, **{each: records.columns[each] for each in columns}}
        )
        con.register(_MOVED, moved.filter(fits))
        values = _filled(table, columns, "m")
        con.execute(
            f"UPDATE {table.sql} t SET {', '.join([*values, '_extra = m._extra'])} "
            f"FROM {_MOVED} m WHERE t.rowid = m.{ROW}"
        )
        con.unregister(_MOVED)
    return unfit


def _decoded(con: DuckDBPyConnection, table: Table, decoder: Decoder) -> Iterator[tuple[pa.Array, Records]]:
    """The rows of a table that have extras, and these decoded again."""
    found = con.execute(
        f"SELECT rowid, CAST(_extra AS VARCHAR) FROM {table.sql} WHERE _extra IS NOT NULL ORDER BY rowid"
    ).fetchall()
    for begin in range(0, len(found), _AT_ONCE):
        part = found[begin : begin + _AT_ONCE]
        yield pa.array([row for row, _ in part], pa.int64()), decoder.again([extra for _, extra in part])


def _items(rows: pa.Array, items: Items, fits: pa.Array) -> pa.Table:
    """The items of one list, each with the row of its record and its place."""
    parents = items.parents.to_pylist()
    places: list[int] = []
    for at, parent in enumerate(parents):
        places.append(places[-1] + 1 if at and parents[at - 1] == parent else 0)
    found = pa.table(
        {ROW: rows.take(items.parents), "_position": pa.array(places, pa.int64()), **items.columns}
    )
    return found.filter(pc.take(fits, items.parents)) if len(found) else found


def _filled(table: Table, columns: Sequence[str], of: str) -> list[str]:
    """Assignments: each column from the alias ``of``, where it has a value there."""
    types = {item.name: item.type for item in table.fields}
    return [
        f"{name(each)} = coalesce(CAST({name(of, each)} AS {types[each]}), t.{name(each)})"
        for each in columns
    ]


def _fill(con: DuckDBPyConnection, tables: Tables, table: Table, list_: Table, items: pa.Table) -> None:
    """Fill columns of items that are there."""
    columns = [column for column in items.column_names if column not in {ROW, "_position"}]
    if not len(items) or not columns:
        return
    con.register(_ITEMS, items)
    place = [*tables.key, *(column for column in ("_valid_from", "_known_from") if column in list_.names)]
    con.execute(
        f"UPDATE {list_.sql} t SET {', '.join(_filled(list_, columns, 'i'))} "
        f"FROM {_ITEMS} i JOIN {table.sql} r ON r.rowid = i.{ROW} "
        f"WHERE {same(place, 't', 'r')} AND t._position = i._position"
    )
    con.unregister(_ITEMS)


def _insert(con: DuckDBPyConnection, tables: Tables, table: Table, list_: Table, items: pa.Table) -> None:
    if not len(items):
        return
    con.register(_ITEMS, items)
    own = [column for column in items.column_names if column != ROW]
    above = [*tables.key, *(column for column in _OF_LISTS if column in list_.names)]
    alive = "t._deleted_at IS NULL" if table == tables.core else "t._op <> 'delete'"
    con.execute(
        f"INSERT INTO {list_.sql} BY NAME SELECT {names(above, 't')}, {names(own, 'i')} "
        f"FROM {_ITEMS} i JOIN {table.sql} t ON t.rowid = i.{ROW} WHERE {alive}"
    )
    con.unregister(_ITEMS)
