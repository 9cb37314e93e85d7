"""Which types may take the place of which, and how values are carried over. Pure functions; not here: the tables.

A type is widened only where every value stays exactly what it was; as text it gets the form in which it would land
as text.
"""

import re

from exepron_pipeline.land.sql import INSTANT

_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_BIGINT_DIGITS = 19
_TO_TEXT = {"BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIME", INSTANT, "JSON"}


def is_lossless(before: str, after: str) -> bool:
    """Tell whether every value of the type ``before`` can be kept exactly as one of the type ``after``."""
    old, new = _DECIMAL.fullmatch(before), _DECIMAL.fullmatch(after)
    if new:
        digits, scale = (int(old[1]), int(old[2])) if old else (_BIGINT_DIGITS, 0)
        room = int(new[1]) - int(new[2]) >= digits - scale and int(new[2]) >= scale
        return room and (bool(old) or before == "BIGINT")
    if after == "VARCHAR":
        return bool(old) or before in _TO_TEXT
    return (before, after) == ("DATE", INSTANT)


def carried_over(column: str, before: str, after: str) -> str:
    """SQL expression: the values of a column of the type ``before`` as those of ``after``."""
    if after != "VARCHAR":
        return f"CAST({column} AS {after})"
    if before == INSTANT:
        whole = f"strftime({column}, '%Y-%m-%dT%H:%M:%S')"
        return f"{whole} || rtrim(rtrim(strftime({column}, '.%f'), '0'), '.') || 'Z'"
    if before == "DOUBLE":
        return rf"regexp_replace(CAST({column} AS VARCHAR), '\.0$', '')"
    if before.startswith("DECIMAL"):
        plain = f"CAST({column} AS VARCHAR)"
        return plain if before.endswith(",0)") else f"rtrim(rtrim({plain}, '0'), '.')"
    return f"CAST({column} AS VARCHAR)"
