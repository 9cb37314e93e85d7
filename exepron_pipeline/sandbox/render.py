"""Rows as JSON text.

Here belongs the way from a query to the texts of its rows. Not here: which rows and properties
(``query.py``), how one value is written (``wire.py``), what stands around them (``envelope.py``).
A page is rendered column by column and joined once: a thousand tasks take a few milliseconds.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from exepron_pipeline.sandbox.query import Navigation, Query
from exepron_pipeline.sandbox.views import Column
from exepron_pipeline.sandbox.wire import Writers, quoted


def fetch_rows(
    connection: sqlite3.Connection,
    query: Query,
    scope: Iterable[str],
    binds: Mapping[str, object],
    writers: Writers,
) -> tuple[list[str], bool]:
    """The rows of a page, each a JSON object, with expansions; and whether there are more behind them."""
    found = connection.execute(query.statement(scope), {**query.binds, **binds}).fetchall()
    more = len(found) > query.window.limit
    found = found[: query.window.limit]
    if not found:
        return [], more
    columns = list(zip(*found, strict=True))
    named = _named(query.columns, columns, writers)
    for navigation in query.navigations:
        named[navigation.relation.name] = _beyond(connection, query, navigation, columns[-1], writers)
    return _joined(named), more


def count_rows(
    connection: sqlite3.Connection, query: Query, scope: Iterable[str], binds: Mapping[str, object]
) -> int:
    """How many rows there are on all pages."""
    return int(connection.execute(query.counting(scope), {**query.binds, **binds}).fetchone()[0])


def _beyond(
    connection: sqlite3.Connection,
    query: Query,
    navigation: Navigation,
    numbers: Sequence[int],
    writers: Writers,
) -> list[str]:
    """For each row what the navigation property leads to: an object or null, or a list of objects."""
    relation = navigation.relation
    if not navigation.columns:
        return ["null"] * len(numbers)
    columns = ", ".join(["t.rowid", *(column.at("n") for column in navigation.columns)])
    rows = connection.execute(
        f'SELECT {columns} FROM "{query.view.name}" AS t JOIN "{relation.target.name}" AS n '
        f"ON {relation.condition} WHERE t.rowid IN (SELECT value FROM json_each(?)) ORDER BY n.rowid",
        (json.dumps(numbers),),
    ).fetchall()
    found: dict[int, list[str]] = defaultdict(list)
    if rows:
        owners, *values = zip(*rows, strict=True)
        for owner, text in zip(owners, _joined(_named(navigation.columns, values, writers)), strict=True):
            found[owner].append(text)
    if relation.many:
        return [f"[{','.join(found[number])}]" for number in numbers]
    return [found[number][0] if found[number] else "null" for number in numbers]


def _named(
    columns: Iterable[Column], values: Iterable[Iterable[object]], writers: Writers
) -> dict[str, list[str]]:
    return {
        column.name: _written(column, each, writers)
        for column, each in zip(columns, values, strict=False)  # the row's number has no column
    }


def _written(column: Column, values: Iterable[object], writers: Writers) -> list[str]:
    write = column.write or writers[column.kind]
    return ["null" if value is None else write(value) for value in values]


def _joined(named: Mapping[str, Iterable[str]]) -> list[str]:
    template = "{" + ",".join(f"{quoted(name).replace('%', '%%')}:%s" for name in named) + "}"
    return [template % row for row in zip(*named.values(), strict=True)]
