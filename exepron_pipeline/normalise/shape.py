"""Where the contract's fields lie in a record on the wire, as one tree of names. Pure data, no parsing.

Not here: what a field's value means (``values``). Annotations and navigation are no fields at all.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from exepron_pipeline.catalogue.fields import Personal
from exepron_pipeline.catalogue.model import Child, Column, EntitySet
from exepron_pipeline.normalise.contract import child_columns_of, columns_of

Tree = dict[str, Any]
"""Names that are taken; each leads to the tree below it, empty where the value is taken whole."""

_DEFERRED = "__deferred"
_ANNOTATIONS = ("@", "odata.", "__metadata", _DEFERRED)
_OF_A_FIELD = re.compile(
    r"@(odata\.|[\w.]+\.\w|(type|context|count|nextLink|etag|id|editLink|readLink|navigationLink|associationLink|media\w+)$)"
)
"""What follows a field's name where something is said about it: OData 4.01 leaves ``odata.`` out (JSON 4.01, 4.6)."""


@dataclass(frozen=True)
class Field:
    """One column and the way to its value: empty for an item that is the value itself, None for no such field."""

    column: Column
    path: tuple[str, ...] | None

    @property
    def kept_as(self) -> str | None:
        """The name in ``_extra`` of a text that says more than the column can hold; None where none is kept."""
        return ".".join(self.path) if self.path and self.column.personal is None else None


@dataclass(frozen=True)
class ListShape:
    """A nested list that becomes a child table."""

    name: str
    wire: str
    is_plain: bool
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Shape:
    """A record of one entity set as one generation sends it.

    ``fields`` are those that land; ``taken`` also holds what the personal-data policy leaves out, so
    that it never slips into ``_extra``; ``navigation`` names fields that are links to other sets.
    ``discards``: fields outside the contract are not kept in ``_extra``, only named.
    """

    fields: tuple[Field, ...]
    lists: tuple[ListShape, ...]
    taken: Tree
    navigation: frozenset[str]
    discards: bool = False


def shape_of(entity_set: EntitySet, generation: str, personal: Personal, *, discards: bool = False) -> Shape:
    """Lay out ``entity_set`` as ``generation`` sends it; types are the wire's, before any hashing."""
    landed = {column.name for column in columns_of(entity_set, personal)}
    fields = tuple(_field(column, generation) for column in entity_set.columns if column.name in landed)
    lists = tuple(_list(entity_set, child, generation, personal) for child in entity_set.children)
    taken = _taken(entity_set, generation)
    return Shape(fields, lists, taken, frozenset(entity_set.navigation), discards)


def is_annotation(name: str) -> bool:
    """True for names that OData reserves: they say something about a record and are no part of it."""
    return name.startswith(_ANNOTATIONS) or ("@" in name and _OF_A_FIELD.search(name) is not None)


def is_deferred(names: Iterable[str]) -> bool:
    """True when an object of these names only says where a navigation could be read (OData V2)."""
    return list(names) == [_DEFERRED]


def _field(column: Column, generation: str) -> Field:
    wire = column.wire_in(generation)
    return Field(column, tuple(wire.split(".")) if wire else None)


def _list(entity_set: EntitySet, child: Child, generation: str, personal: Personal) -> ListShape:
    landed = {column.name for column in child_columns_of(entity_set, child, personal)}
    fields = tuple(
        _item_field(child, column, generation) for column in child.columns if column.name in landed
    )
    return ListShape(child.name, child.wire_field, child.is_plain, fields)


def _item_field(child: Child, column: Column, generation: str) -> Field:
    return Field(column, ()) if child.is_plain else _field(column, generation)


def _taken(entity_set: EntitySet, generation: str) -> Tree:
    tree: Tree = {}
    for column in entity_set.columns:
        _take(tree, _field(column, generation).path)
    for child in entity_set.children:
        items = tree.setdefault(child.wire_field, {})
        for column in child.columns:
            _take(items, _item_field(child, column, generation).path)
    return tree


def _take(tree: Tree, path: tuple[str, ...] | None) -> None:
    for name in path or ():
        tree = tree.setdefault(name, {})
