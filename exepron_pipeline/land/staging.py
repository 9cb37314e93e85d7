"""Staging: the pages of a load as temporary tables, one row per key. Not here: what they change.

``_land_incoming`` shows what came, page by page, ``_land_seen`` the keys that came without their rows, and
``_land_records`` is what came reduced to keys and hashes.
``_land_keys`` holds, for each key, which of those rows is its last state (``_arrived``), the hash of that, and ``_op``: ``insert``, ``update`` or ``unchanged``.
``_land_items_<child>`` are the nested lists. Of a key that came twice, the greatest cursor wins, then the
last that arrived; its list is that of its page. Rows themselves are not copied: most did not change, and
those in files are streamed from there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection

from exepron_pipeline.errors import ContractError
from exepron_pipeline.extract.files import ARRIVED, PAGE, Files, with_origin
from exepron_pipeline.land.fingerprint import list_hash, number, record_hash
from exepron_pipeline.land.load import Load, Pages, Rejected
from exepron_pipeline.land.overtaken import later_loads
from exepron_pipeline.land.sql import INSTANT, column_type, name, names, present, same
from exepron_pipeline.land.tables import ChildTables, Tables

INCOMING = "_land_incoming"
RECORDS = "_land_records"
KEYS = "_land_keys"
SEEN = "_land_seen"
ITEMS = "_land_items_"
ORIGIN = (PAGE, ARRIVED)


@contextmanager
def as_written(con: DuckDBPyConnection) -> Iterator[None]:
    """Carry out the joins of the block as they are written: what stands on the right is kept in memory.

    DuckDB does not know how many rows files of Arrow hold, takes them for few, and would keep those instead.
    After an error the connection is given up, and this with it.
    """
    con.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
    yield
    con.execute("RESET disabled_optimizers")


@contextmanager
def incoming(con: DuckDBPyConnection, load: Load, tables: Tables) -> Iterator[None]:
    """Let SQL see the load's pages for the time of the block, which is to hold the transaction.

    Raises:
        ContractError: A page lacks a column.
        ValueError: A nested list has another number of pages than the records.

    """
    pa.default_memory_pool().release_unused()  # what decoding had: DuckDB needs as much now
    with ExitStack() as stack:
        for view, (pages, types) in _views(load, tables).items():
            if view != SEEN:
                _check_number(view, pages, load.tables)
            con.register(f"{view}_arrow", _scannable(pages, list(types), load.entity_set.name))
            stack.callback(_forget, con, f"{view}_arrow")
        yield


@contextmanager
def showing(
    con: DuckDBPyConnection, view: str, pages: Pages, types: Mapping[str, str], entity_set: str
) -> Iterator[None]:
    """Let SQL see columns of pages as a view, for the time of the block.

    Raises:
        ContractError: A page lacks a column.

    """
    con.register(f"{view}_arrow", _scannable(pages, list(types), entity_set))
    try:
        con.execute(_view(view, types))
        yield
        con.execute(f"DROP VIEW {name(view)}")
    finally:
        _forget(con, f"{view}_arrow")


def _forget(con: DuckDBPyConnection, registered: str) -> None:
    with suppress(duckdb.Error):  # on a broken connection, which takes it away by itself
        con.unregister(registered)


def stage(con: DuckDBPyConnection, load: Load, tables: Tables) -> None:
    """Make the temporary tables of this module.

    Raises:
        ContractError: A value does not fit its column.

    """
    try:
        for view, (_, types) in _views(load, tables).items():
            con.execute(_view(view, types))
        for child in tables.children:
            con.execute(_items(child, tables.key))
        con.execute(_records(tables, load.cursor))
        later = later_loads(con, load)
        sql = _keys(tables, is_overtaken=bool(later))
        con.execute(sql, {"later": later} if later else None)
    except duckdb.ConversionException:  # its text holds the value, which may be personal
        hint = "Correct the column's type in the catalogue."
        raise ContractError(f"{load.entity_set.name}: a value does not fit its column.", hint=hint) from None


def unstage(con: DuckDBPyConnection, load: Load, tables: Tables) -> None:
    """Drop what `stage` made; after an error the rollback does."""
    views = [f"DROP VIEW {name(view)}" for view in _views(load, tables)]
    made = [KEYS, RECORDS, *(ITEMS + child.name for child in tables.children)]
    con.execute("; ".join([*views, *(f"DROP TABLE {name(table)}" for table in made)]))


def keyless(con: DuckDBPyConnection, load: Load, tables: Tables) -> list[Rejected]:
    """List the records of the load whose key or account is null: they have not been staged."""
    key = tables.key
    found = con.execute(
        f"SELECT _page FROM {RECORDS} i WHERE NOT ({present(key, 'i')}) ORDER BY _arrived"
    ).fetchall()
    reason = f"one of {', '.join(key)}, which identify the record, is null"
    return [Rejected(None, reason, load.references.get(page)) for (page,) in found]


def _types(tables: Tables) -> dict[str, str]:
    """DuckDB types of the columns that a page must have."""
    wanted = {column.name: column_type(column.type) for column in tables.columns}
    return {**wanted, "_account_id": "VARCHAR", "_extra": "JSON"}


def _views(load: Load, tables: Tables) -> dict[str, tuple[Pages, Mapping[str, str]]]:
    """The pages behind each view, and the columns (name to DuckDB type) that they must have."""
    found: dict[str, tuple[Pages, Mapping[str, str]]] = {
        INCOMING: (load.tables, _types(tables)),
        SEEN: (
            load.seen,
            {column: type_ for column, type_ in _types(tables).items() if column in tables.key},
        ),
    }
    if not load.seen:
        del found[SEEN]
    for child in tables.children:
        found[_incoming(child)] = (load.children.get(child.name, []), _item_types(child))
    return found


def _incoming(child: ChildTables) -> str:
    return f"{INCOMING}_{child.name}"


def _item_types(child: ChildTables) -> dict[str, str]:
    return {item.name: item.type for item in child.core.fields if item.name not in {"_load_id", "_loaded_at"}}


def _view(view: str, types: Mapping[str, str]) -> str:
    columns = ", ".join(
        f"CAST({name(column)} AS {type_}) AS {name(column)}" for column, type_ in types.items()
    )
    return f"CREATE TEMP VIEW {name(view)} AS SELECT {columns}, {names(ORIGIN)} FROM {name(view + '_arrow')}"


def _check_number(view: str, pages: Pages, of_records: Pages) -> None:
    if not isinstance(pages, list) or not isinstance(of_records, list):
        return
    if pages and len(pages) != len(of_records):
        raise ValueError(f"{view}: {len(pages)} pages of a list for {len(of_records)} pages of records")


def _scannable(pages: Pages, columns: list[str], entity_set: str) -> pa.Table | Files:
    """What DuckDB can scan again and again: pages with all these columns, and where each row came from."""
    given = pages or [pa.table({column: pa.array([], pa.string()) for column in columns})]
    for schema in [page.schema for page in given] if isinstance(given, list) else [given.schema]:
        missing = [column for column in columns if column not in schema.names]
        if missing:
            what = f"{entity_set}: a page has no column {missing[0]!r}, which the contract names"
            raise ContractError(f"{what}.", hint="Decode the page with the same contract.")
    if not isinstance(given, list):
        return given
    numbered = [with_origin(page.select(columns), number) for number, page in enumerate(given, 1)]
    return pa.concat_tables(numbered, promote_options="permissive")


def _records(tables: Tables, cursor: str | None) -> str:
    """SQL that makes ``_land_records``: the only look at whole rows until some of them are written."""
    moved = f"CAST(r.{name(cursor)} AS {INSTANT})" if cursor else f"CAST(NULL AS {INSTANT})"
    return (
        f"CREATE TEMP TABLE {RECORDS} AS SELECT {names([*tables.key, *ORIGIN], 'r')}, {moved} AS _cursor, "
        f"{record_hash(tables.data, 'r')} AS _row_hash FROM {INCOMING} r"
    )


def _keys(tables: Tables, *, is_overtaken: bool) -> str:
    """SQL that makes ``_land_keys``; takes ``$later`` where the read was overtaken: rows of those loads stay."""
    stays = "WHEN list_contains($later, c._load_id) THEN 'unchanged' " if is_overtaken else ""
    return (
        f"CREATE TEMP TABLE {KEYS} AS WITH records AS (FROM {RECORDS} r WHERE {present(tables.key, 'r')}), "
        f"hashed AS ({with_lists(tables, [*tables.key, '_page'], _items_of)}), "
        f"latest AS (SELECT * FROM hashed h QUALIFY row_number() OVER "
        f"(PARTITION BY {names(tables.key, 'h')} ORDER BY h._cursor DESC NULLS LAST, h._arrived DESC) = 1) "
        f"SELECT h.*, CASE {stays}WHEN c._account_id IS NULL OR c._deleted_at IS NOT NULL THEN 'insert' "
        f"WHEN c._row_hash = h._row_hash THEN 'unchanged' ELSE 'update' END AS _op "
        f"FROM latest h LEFT JOIN {tables.core.sql} c ON {same(tables.key, 'c', 'h')}"
    )


def _items_of(child: ChildTables) -> str:
    return name(ITEMS + child.name)


def with_lists(tables: Tables, place: Sequence[str], items: Callable[[ChildTables], str]) -> str:
    """SQL: what ``records`` holds, each with the hash of itself and its lists.

    Args:
        tables: Of the entity set.
        place: Columns that lead from a record to the items of its lists.
        items: Gives the quoted name of the table that holds the items of a list.

    """
    if not tables.children:
        return "FROM records"
    digests = {child.name: name(f"d_{child.name}") for child in tables.children}
    joined = "".join(
        f" LEFT JOIN ({_list_hashes(child, place, items(child))}) {digests[child.name]}"
        f" ON {same(place, 'r', f'd_{child.name}')}"
        for child in tables.children
    )
    parts = ", ".join(["r._row_hash", *(f"{digests[child]}.digest" for child in sorted(digests))])
    whole = number(f"hash({parts})")
    return f"SELECT r.* REPLACE ({whole} AS _row_hash) FROM records r{joined}"


def _items(child: ChildTables, key: tuple[str, ...]) -> str:
    """SQL that makes ``_land_items_<child>``: of each record on each page the items of its list."""
    place = [*key, "_page", "_position"]
    return (
        f"CREATE TEMP TABLE {name(ITEMS + child.name)} AS SELECT * FROM {name(_incoming(child))} i "
        f"WHERE {present(place, 'i')} "
        f"QUALIFY row_number() OVER (PARTITION BY {names(place, 'i')} ORDER BY i._arrived DESC) = 1"
    )


def _list_hashes(child: ChildTables, place: Sequence[str], items: str) -> str:
    # Items know their places, so their order need not be kept: that would be dearer than all the rest of it.
    by, columns = names(place, "i"), ["_position", *(column.name for column in child.columns)]
    return f"SELECT {by}, {list_hash(columns, 'i')} AS digest FROM {items} i GROUP BY {by}"
