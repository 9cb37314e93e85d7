"""The row hash: SQL that turns a record into one text, and that into MD5. Not here: who compares hashes.

The text of a record is ``;name=value`` for each column that is not null, by name; free text, which may
hold any character, is ``;name=length:value``. So null differs from empty, no value can imitate another,
the order of columns does not matter, and a column that is new and null changes no hash. Each type has
its text form spelled out: it must not change with a DuckDB version, a session's time zone, or a type
that was widened to a longer decimal.

This is the dearest statement of a first load: text is put together by one call, and as little as possible
of it twice.
"""

from collections.abc import Mapping

from exepron_pipeline.land.sql import name

_FREE = ("VARCHAR", "JSON")


def record_text(types: Mapping[str, str], of: str) -> str:
    """SQL expression: the text of a record whose columns have these DuckDB types, in the alias ``of``."""
    parts = [
        _part(column, types[column], value_text(name(of, column), types[column])) for column in sorted(types)
    ]
    return f"concat({', '.join(parts)})"


def value_text(column: str, type_name: str) -> str:
    """SQL expression: the text of one value; null stays null."""
    if type_name.startswith("TIME"):
        return f"CAST(epoch_us({column}) AS VARCHAR)"
    if type_name == "BLOB":
        return f"hex({column})"
    plain = f"CAST({column} AS VARCHAR)"
    if type_name.startswith("DECIMAL") and not type_name.endswith(",0)"):
        # To look at the last character is far cheaper than to trim, and most amounts end in none of these.
        return f"CASE WHEN suffix({plain}, '0') THEN rtrim(rtrim({plain}, '0'), '.') ELSE {plain} END"
    return plain


def _part(column: str, type_name: str, value: str) -> str:
    # `||` with null is null, and concat() leaves nulls out.
    if type_name in _FREE:
        return f"';{column}=' || strlen({value}) || ':', {value}"
    return f"';{column}=' || {value}"
