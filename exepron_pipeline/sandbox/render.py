"""Rows as JSON text.

Here belongs how each kind of value looks on the wire. Not here: which rows and fields (``query.py``).
A page is rendered column by column and joined once: a thousand tasks take a few milliseconds.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence

from exepron_pipeline.sandbox.query import Navigation, Query
from exepron_pipeline.sandbox.schema import Field, Kind

_quoted = json.JSONEncoder(ensure_ascii=False).encode


def _stamp(text: str) -> str:
    """Naive, and without the zeros that end a fraction, as .NET writes a ``DateTime`` from a database."""
    return f'"{text.rstrip("0").rstrip(".")}"' if "." in text else f'"{text}"'


_WRITERS: dict[Kind, Callable[..., str]] = {
    "int": str,
    "decimal": str,
    "float": repr,
    "bool": lambda flag: "true" if flag else "false",
    "text": _quoted,
    "date": lambda text: f'"{text}"',
    "stamp": _stamp,
    "list": str,
}


def fetch_rows(
    connection: sqlite3.Connection, query: Query, scope: Iterable[str], binds: Mapping[str, object]
) -> str:
    """The rows of a query as the inside of a JSON list, with expansions."""
    found = connection.execute(query.statement(scope), {**query.binds, **binds}).fetchall()
    if not found:
        return ""
    columns = list(zip(*found, strict=True))
    named = {field.name: _column(field, column) for field, column in zip(query.fields, columns, strict=False)}
    for navigation, keys in zip(query.navigations, columns[len(query.fields) :], strict=True):
        named[navigation.name] = _objects(connection, navigation, keys)
    return ",".join(_joined(named))


def _objects(connection: sqlite3.Connection, navigation: Navigation, keys: Sequence[int | None]) -> list[str]:
    """For each key the object it leads to, or null."""
    if not navigation.fields:
        return ["null"] * len(keys)
    key = navigation.target.key[0]
    columns = ", ".join(f'"{name}"' for name in [key, *(field.name for field in navigation.fields)])
    rows = connection.execute(
        f'SELECT {columns} FROM "{navigation.target.name}" WHERE "{key}" IN (SELECT value FROM json_each(?))',
        (json.dumps(sorted({each for each in keys if each is not None})),),
    ).fetchall()
    found, *values = zip(*rows, strict=True) if rows else ((),)
    named = {
        field.name: _column(field, column) for field, column in zip(navigation.fields, values, strict=False)
    }
    objects = dict(zip(found, _joined(named), strict=True))
    return [objects.get(each, "null") for each in keys]


def _column(field: Field, values: Iterable[object]) -> list[str]:
    write = _WRITERS[field.kind]
    return ["null" if value is None else write(value) for value in values]


def _joined(named: Mapping[str, Iterable[str]]) -> list[str]:
    template = "{" + ",".join(f"{_quoted(name)}:%s" for name in named) + "}"
    return [template % row for row in zip(*named.values(), strict=True)]
