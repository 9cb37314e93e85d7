"""Fields that the contract does not name: which there are, and what type their values look like.

Not here: what becomes of them (``_extra``, or nothing; ``land`` tells of them).
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa

from exepron_pipeline.normalise.shape import Tree

KINDS: Mapping[pa.DataType, str] = {pa.string(): "text", pa.int64(): "int", pa.bool_(): "bool"}
"""Types of the catalogue for those that Arrow reads exactly without being told more."""

_DECIMAL = "decimal(38,10)"
_OF_VALUES = {bool: "bool", int: "int", Decimal: _DECIMAL, str: "text", dict: "json", list: "json"}


def note_unknown(found: dict[str, str], rest: Mapping[str, Any], taken: Tree) -> None:
    """Add what is left of a record to the names and types found so far.

    Args:
        found: Type by name; a dot enters an object or the items of a list.
        rest: What of the record the contract does not take.
        taken: What it does take.

    """
    for name, value in _leaves(rest, taken):
        kind = _OF_VALUES.get(type(value), "variant")
        found[name] = together(found.get(name, kind), kind)


def together(one: str, other: str) -> str:
    """The type that holds the values of both."""
    if one == other:
        return one
    return _DECIMAL if {one, other} == {"int", _DECIMAL} else "variant"


def _leaves(rest: Mapping[str, Any], taken: Tree, above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in rest.items():
        below = taken.get(name)
        parts = value if isinstance(value, list) else [value]
        if below and all(part is None or isinstance(part, dict) for part in parts):
            for part in parts:
                yield from _leaves(part or {}, below, f"{above}{name}.")
        elif value is not None:
            yield above + name, value
