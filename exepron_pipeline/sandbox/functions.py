"""The functions of ``$filter`` and ``$orderby``, each as SQL for SQLite.

Here belongs one line a function: what it takes, what it gives, how SQLite says it. Not here: operators
and how arguments are checked (``translate.py``). Arguments are SQL texts whose values are bound already.
``odata_...`` are Python functions that ``install`` lends to the connection, where SQLite knows ASCII only.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Type = Literal["int", "number", "text", "bool", "date", "stamp", "list", "null"]
"""What an expression yields; decimals and floats are both ``number``, ``null`` goes with everything."""

FAMILY: dict[Type, str] = {"int": "number", "date": "moment", "stamp": "moment"}
"""Types that compare with each other; a type that is not named is alone in its family."""


@dataclass(frozen=True)
class Function:
    """A function: the families it takes, the type it gives, and its SQL from those of its arguments."""

    takes: tuple[str, ...]
    gives: Type
    sql: Callable[..., str]
    optional: int = 0
    """How many arguments at the end may be left out."""


def _part(start: int, length: int) -> Function:
    return Function(("moment",), "int", lambda at: f"CAST(substr({at}, {start}, {length}) AS INTEGER)")


def _substring(whole: str, start: str, length: str | None = None) -> str:
    tail = "" if length is None else f", max({length}, 0)"
    return f"substr({whole}, max({start}, 0) + 1{tail})"


_TWO_TEXTS = ("text", "text")

FUNCTIONS: dict[str, Function] = {
    "contains": Function(_TWO_TEXTS, "bool", lambda whole, part: f"(instr({whole}, {part}) > 0)"),
    "substringof": Function(_TWO_TEXTS, "bool", lambda part, whole: f"(instr({whole}, {part}) > 0)"),
    "startswith": Function(_TWO_TEXTS, "bool", lambda whole, part: f"(instr({whole}, {part}) = 1)"),
    "endswith": Function(
        _TWO_TEXTS,
        "bool",
        lambda whole, part: f"(substr({whole}, length({whole}) - length({part}) + 1) = {part})",
    ),
    "concat": Function(_TWO_TEXTS, "text", lambda left, right: f"({left} || {right})"),
    "indexof": Function(_TWO_TEXTS, "int", lambda whole, part: f"(instr({whole}, {part}) - 1)"),
    "length": Function(("text",), "int", lambda text: f"length({text})"),
    "substring": Function(("text", "number", "number"), "text", _substring, optional=1),
    "tolower": Function(("text",), "text", lambda text: f"odata_lower({text})"),
    "toupper": Function(("text",), "text", lambda text: f"odata_upper({text})"),
    "trim": Function(("text",), "text", lambda text: f"odata_trim({text})"),
    "year": _part(1, 4),
    "month": _part(6, 2),
    "day": _part(9, 2),
    "hour": _part(12, 2),
    "minute": _part(15, 2),
    "second": _part(18, 2),
    "date": Function(("moment",), "date", lambda at: f"substr({at}, 1, 10)"),
    "now": Function((), "stamp", lambda: ":now"),
    "mindatetime": Function((), "stamp", lambda: "'0001-01-01T00:00:00.000'"),
    "maxdatetime": Function((), "stamp", lambda: "'9999-12-31T23:59:59.999'"),
    "round": Function(("number",), "number", lambda number: f"round({number})"),
    "floor": Function(("number",), "number", lambda number: f"odata_floor({number})"),
    "ceiling": Function(("number",), "number", lambda number: f"(-odata_floor(-{number}))"),
}


def install(connection: sqlite3.Connection) -> None:
    """Lend the connection the functions that SQLite lacks; once for each connection."""
    texts: dict[str, Callable[[str], str]] = {"lower": str.lower, "upper": str.upper, "trim": str.strip}
    for name, function in texts.items():
        connection.create_function(f"odata_{name}", 1, _of_text(function), deterministic=True)
    connection.create_function("odata_floor", 1, _floor, deterministic=True)


def _of_text(function: Callable[[str], str]) -> Callable[[str | None], str | None]:
    return lambda text: None if text is None else function(text)


def _floor(number: float | None) -> float | None:
    return None if number is None else float(number // 1)
