"""Described properties to columns and children of the catalogue, as its YAML has them. Pure.

Here: types, flattening of objects, lists to children, names. Not here: which set they belong to (``entries.py``).
An object's fields become columns of their own; a list directly in a record becomes a child; a list in an object, and
whatever has no fixed form, stays JSON.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from exepron_pipeline.catalogue.naming import wire_name
from exepron_pipeline.discover.names import personal_kind, singular, unique
from exepron_pipeline.odata.metadata.description import COMPLEX, OPAQUE, Property

Plain = dict[str, Any]

MOST_DIGITS = 38
UNKNOWN_SCALE = 10
"""Decimals behind the point where no document tells how many: 28 digits are left before it."""
MICROSECONDS = 6

_TYPES = {
    "Boolean": "bool", "Byte": "int", "SByte": "int", "Int16": "int", "Int32": "int", "Int64": "int",
    "Single": "float", "Double": "float", "String": "text", "Guid": "text", "Date": "date", "DateTime": "timestamp",
    "DateTimeOffset": "timestamp", "Time": "time", "TimeOfDay": "time", "Duration": "text", "Binary": "binary",
    OPAQUE: "json",
}  # fmt: skip


@dataclass
class Columns:
    """The columns and children of one set, by name; ``names`` finds a column by its field on the wire."""

    columns: dict[str, Plain] = field(default_factory=dict)
    children: dict[str, Plain] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def columns_of(properties: Iterable[Property], key: Iterable[str]) -> Columns:
    """Lay properties out as columns and children."""
    found = Columns()
    lists: list[Property] = []
    for path, each in _leaves(properties, ()):
        if each.many and len(path) == 1 and each.type != OPAQUE:
            lists.append(each)
        else:
            _add(found, path, each)
    taken = {found.names[wire] for wire in key if wire in found.names}
    for each in lists:
        if _is_writable(found, (each.name,)):
            name = unique(each.name, found.children)
            found.children[name] = _child(name, each, taken)
    return found


def type_of(each: Property) -> str:
    """The catalogue's type of a single value."""
    if each.many or each.type == COMPLEX:
        return "json"
    if each.type != "Decimal":
        return _TYPES.get(each.type, "variant")
    scale = UNKNOWN_SCALE if each.scale is None else min(each.scale, MOST_DIGITS)
    is_exact = (
        each.scale is not None and each.precision is not None and scale <= each.precision <= MOST_DIGITS
    )
    return f"decimal({max(each.precision or 0, 1) if is_exact else MOST_DIGITS},{scale})"


def _leaves(
    properties: Iterable[Property], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Property]]:
    """Properties that are no objects, each with its way through objects."""
    for each in properties:
        path = (*above, each.name)
        if each.type == COMPLEX and not each.many:
            yield from _leaves(each.fields, path)
        else:
            yield path, each


def _add(found: Columns, path: tuple[str, ...], each: Property) -> None:
    if _is_writable(found, path):
        name = unique("_".join(path), found.columns)
        found.names[".".join(path)] = name
        found.columns[name] = _column(name, ".".join(path), each)


def _is_writable(found: Columns, path: tuple[str, ...]) -> bool:
    """False, and noted, for a name that the catalogue cannot tell from a way through objects."""
    if all(part and "." not in part for part in path):
        return True
    found.problems.append(
        f"the field {'/'.join(path)!r} cannot be named in a catalogue: it is kept in _extra"
    )
    return False


def _column(name: str, wire: str, each: Property) -> Plain:
    """One column; what the catalogue takes for granted is left out."""
    facts: Plain = {"type": type_of(each)}
    if wire != wire_name(name):
        facts["wire"] = wire
    if "." in each.written and not each.many and each.type not in {COMPLEX, OPAQUE}:
        facts["edm"] = each.written
    if not each.nullable:
        facts["nullable"] = False
    personal = personal_kind(name, each.semantics)
    if personal and facts["type"] in {"text", "variant", "json"}:
        facts["personal"] = personal
    if each.description:
        facts["description"] = each.description
    if facts["type"] == "timestamp" and each.precision is not None:
        facts["note"] = f"{each.precision} digits of a second's fraction."
    return facts


def _child(name: str, each: Property, key: set[str]) -> Plain:
    """A nested list; its columns may not bear the names of the parent's key, which stands beside them."""
    columns: dict[str, Plain] = {}
    if each.type == COMPLEX:
        for path, inner in _leaves(each.fields, ()):
            if all(part and "." not in part for part in path):
                column = unique("_".join(path), {*columns, *key})
                columns[column] = _column(column, ".".join(path), inner)
    else:
        column = unique(singular(name), key)
        item = Property(column, each.type, each.written, each.precision, each.scale)
        columns[column] = {**_column(column, ".", item), "wire": "."}
    wire = {} if each.name == wire_name(name) else {"wire": each.name}
    described = {"description": each.description} if each.description else {}
    return {**described, **wire, "columns": columns}
