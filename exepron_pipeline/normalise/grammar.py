"""What a page may look like for the fast path: the contract, and what earlier pages taught. Pure data.

Arrow's JSON reader is exact only for fields whose type it is told, and an answer holds more than the
contract: annotations, links, fields that nobody declared. The first page shows them; `Grammar.learn`
makes a grammar that knows them. A field that cannot be read exactly this way stays unknown, and its
pages go the slow path.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pyarrow as pa

from exepron_pipeline.normalise.shape import Field, ListShape, Shape, is_annotation
from exepron_pipeline.normalise.values import wire_type
from exepron_pipeline.odata.page import WRAPPINGS

Types = Mapping[str, pa.DataType]
LOOSE = ("variant", "json")
"""Types whose wire form is known only when it is seen."""

_MEMBERS: Types = {"@odata.context": pa.string(), "@odata.count": pa.int64(), "@odata.nextLink": pa.string()}
_STRICT = (pa.string(), pa.int64(), pa.bool_(), pa.null())
_DEPTH = 3


@dataclass(frozen=True)
class Grammar:
    """Names and types of a page.

    ``rows`` is the member that holds the records; ``members`` are those beside it; ``declared`` are the
    contract's fields and ``learnt`` the others of a record.
    """

    shape: Shape
    rows: str
    declared: Types
    members: Types = field(default_factory=dict)
    learnt: Types = field(default_factory=dict)

    @cached_property
    def record(self) -> pa.DataType:
        """The type of one record."""
        return pa.struct([*self.declared.items(), *self.learnt.items()])

    @cached_property
    def document(self) -> Types:
        """Names and types at the top of a page."""
        *above, last = self.rows.split(".")
        inner: Types = {**self.members, last: pa.list_(self.record)}
        for name in reversed(above):
            inner = {name: pa.struct(list(inner.items()))}
        return inner

    @property
    def extras(self) -> Types:
        """Learnt fields that belong into ``_extra``."""
        return {name: type_ for name, type_ in self.learnt.items() if self._is_extra(name)}

    def learn(self, document: object, path: str | None) -> "Grammar":
        """Take in what a parsed page holds.

        Args:
            document: The page.
            path: The member that holds the records, a dot enters a member; None when none does.

        """
        if path is None:
            return self._taught(document) if isinstance(document, list) else self
        members, rows = _found(document, path)
        types = {name: _shallow_type([value]) for name, value in members.items()}
        return replace(self._taught(rows), rows=path, members=_merged(self.members, types))

    def loosened(self) -> "Grammar":
        """A grammar that takes whole numbers as texts too."""
        return replace(self, declared={name: _loose_type(type_) for name, type_ in self.declared.items()})

    def _taught(self, rows: Sequence[object]) -> "Grammar":
        seen: dict[str, list[Any]] = {}
        for row in rows:
            for name, value in row.items() if isinstance(row, dict) else ():
                if name not in self.declared:
                    seen.setdefault(name, []).append(value)
        types = {name: self._type(name, values) for name, values in seen.items()}
        return replace(self, learnt=_merged(self.learnt, types))

    def _type(self, name: str, values: Sequence[Any]) -> pa.DataType | None:
        if is_annotation(name) or name in self.shape.navigation or self._is_left_out(name):
            return _shallow_type(values)
        return None if self.shape.taken.get(name) else _strict_type(values)

    def _is_extra(self, name: str) -> bool:
        return not (name in self.shape.taken or is_annotation(name) or name in self.shape.navigation)

    def _is_left_out(self, name: str) -> bool:
        """True for a field that the contract takes whole and the policy for personal data leaves out."""
        return self.shape.taken.get(name) == {} and (name,) not in {item.path for item in self.shape.fields}


def first_grammar(shape: Shape) -> Grammar:
    """A grammar that knows the contract, and what OData 4 puts beside records."""
    tree: dict[str, Any] = {}
    for item in shape.fields:
        _plant(tree, item)
    types = {name: _type_of(below) for name, below in tree.items()}
    types |= {item.wire: item_type for item in shape.lists if (item_type := _list_type(item)) is not None}
    return Grammar(shape, WRAPPINGS[0].rows, types, _MEMBERS)


def _plant(tree: dict[str, Any], item: Field) -> None:
    if not item.path or item.column.type in LOOSE:
        return
    for name in item.path[:-1]:
        tree = tree.setdefault(name, {})
    tree[item.path[-1]] = _plain_type(item.column.type)


def _plain_type(type_name: str) -> pa.DataType:
    """The type that a column is expected to come in: whole numbers as numbers, which are read fastest."""
    return pa.int64() if type_name == "int" else wire_type(type_name)


def _loose_type(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(type_):
        return pa.struct([(member.name, _loose_type(member.type)) for member in type_])
    if pa.types.is_list(type_):
        return pa.list_(_loose_type(type_.value_type))
    return wire_type("int") if type_ == pa.int64() else type_


def _type_of(below: Any) -> pa.DataType:
    if not isinstance(below, dict):
        return below
    return pa.struct([(name, _type_of(member)) for name, member in below.items()])


def _list_type(shape: ListShape) -> pa.DataType | None:
    """The type of a nested list; None where it does not land, or only the slow path can read it."""
    if not shape.fields:
        return None
    if shape.is_plain:
        kind = shape.fields[0].column.type
        return None if kind in LOOSE else pa.list_(_plain_type(kind))
    tree: dict[str, Any] = {}
    for item in shape.fields:
        _plant(tree, item)
    return pa.list_(_type_of(tree))


def _found(document: Any, path: str) -> tuple[dict[str, Any], list[object]]:
    """The members beside the records, and the records, which are at ``path``."""
    *above, last = path.split(".")
    for name in above:
        document = document[name]
    return {name: value for name, value in document.items() if name != last}, document[last]


def _merged(known: Types, found: Mapping[str, pa.DataType | None]) -> Types:
    """Newer types win, but that nothing was seen teaches nothing."""
    news = {name: type_ for name, type_ in found.items() if type_ is not None}
    return {
        **known,
        **{name: type_ for name, type_ in news.items() if name not in known or type_ != pa.null()},
    }


def _strict_type(values: Sequence[Any]) -> pa.DataType | None:
    """A type that Arrow reads exactly and from one form only: decimals and doubles are none."""
    type_ = None if any(isinstance(value, dict | list) for value in values) else _inferred(values)
    return type_ if type_ in _STRICT else None


def _shallow_type(values: Sequence[Any]) -> pa.DataType | None:
    """Any type, for values that are read over; None where they nest deeply."""
    return _inferred(values) if all(_is_shallow(value, _DEPTH) for value in values) else None


def _inferred(values: Sequence[Any]) -> pa.DataType | None:
    try:
        return pa.infer_type(values)
    except (
        pa.ArrowInvalid,
        pa.ArrowTypeError,
        pa.ArrowNotImplementedError,
        OverflowError,
        UnicodeEncodeError,
    ):
        return None  # kinds are mixed, or beyond Arrow


def _is_shallow(value: Any, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    below = value.values() if isinstance(value, dict) else value
    return depth > 0 and all(_is_shallow(member, depth - 1) for member in below)
