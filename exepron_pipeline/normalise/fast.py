"""The fast path: a page through Arrow's JSON reader, with no Python object for a record.

Here: pages that follow a `Grammar` to the letter. Anything else raises `NotPlainError`, and the slow path
reads the page again; both give the same values because both end in `values.convert`.
"""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json as arrow_json

from exepron_pipeline.normalise.contract import arrow_type
from exepron_pipeline.normalise.grammar import LOOSE, Grammar
from exepron_pipeline.normalise.jsontext import json_texts, object_texts
from exepron_pipeline.normalise.records import Items, NotPlainError, Records
from exepron_pipeline.normalise.shape import Field, ListShape, Shape
from exepron_pipeline.normalise.values import STAMPS, check_finite, convert, raw_texts

_BOM = b"\xef\xbb\xbf"
_BARE = "value"


@dataclass(frozen=True)
class FastPage:
    """A page that the fast path could read; ``members`` are what stands beside the records."""

    records: Records
    members: dict[str, Any]


def read_fast(body: bytes, grammar: Grammar, zone: str) -> FastPage:
    """Read a page.

    Args:
        body: The response's body.
        grammar: What the page may hold.
        zone: The zone of stamps that carry none.

    Raises:
        NotPlainError: The page holds something else.

    """
    try:
        rows, members = _parse(_text(body), grammar)
        return FastPage(_records(rows, grammar, zone), members)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OverflowError) as error:
        raise NotPlainError(str(error)) from None


def _text(body: bytes) -> bytes:
    """The body without byte order mark and blanks in front, if it may be a page at all.

    Arrow's reader does not check UTF-8, and crashes the process on a document that begins with null.
    """
    try:
        _ = body if body.isascii() else body.decode()
    except UnicodeDecodeError:
        raise NotPlainError("no UTF-8") from None
    text = body.removeprefix(_BOM).lstrip()
    if not text.startswith((b"{", b"[")):
        raise NotPlainError("neither a list nor an object")
    return text


def _parse(text: bytes, grammar: Grammar) -> tuple[pa.StructArray, dict[str, Any]]:
    if text.startswith(b"["):
        top = _read_one(b'{"%b":%b}' % (_BARE.encode(), text), {_BARE: pa.list_(grammar.record)})
        return _rows(top.pop(_BARE)), top
    *above, last = grammar.rows.split(".")
    inner = {**grammar.members, last: pa.list_(grammar.record)}
    for name in reversed(above):
        inner = {name: pa.struct(list(inner.items()))}
    top = _read_one(text, inner)
    for name in above:
        top = dict(zip(inner[name].names, top[name].flatten(), strict=True))
    rows = _rows(top.pop(last))
    return rows, {name: value[0].as_py() for name, value in top.items()}


def _read_one(text: bytes, types: dict[str, pa.DataType]) -> dict[str, pa.Array]:
    """Read the one object that ``text`` must be; fields beyond ``types`` are an error."""
    table = arrow_json.read_json(
        pa.BufferReader(text),
        read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(text) + 1),
        parse_options=arrow_json.ParseOptions(
            explicit_schema=pa.schema(list(types.items())), unexpected_field_behavior="error"
        ),
    )
    if table.num_rows != 1:
        raise NotPlainError("not one document")
    return {name: table[name].combine_chunks() for name in table.column_names}


def _rows(lists: pa.ListArray) -> pa.StructArray:
    rows = lists.flatten()
    if lists.null_count or rows.null_count:
        raise NotPlainError("no list of records, or null among them")
    return rows


def _records(rows: pa.StructArray, grammar: Grammar, zone: str) -> Records:
    shape = grammar.shape
    columns = {item.column.name: _column(rows, item, zone) for item in shape.fields}
    lists = {item.name: _items(rows, item, zone) for item in shape.lists}
    return Records(len(rows), columns, _extra(rows, grammar, zone), lists, {})


def _column(rows: pa.StructArray, item: Field, zone: str) -> pa.Array:
    type_name = item.column.type
    if item.path is None or not _has(rows, item.path):
        return pa.nulls(len(rows), arrow_type(type_name))
    wire = _at(rows, item.path)
    if type_name in LOOSE:  # of plain values only: others are never learnt
        return json_texts(wire) if type_name == "json" else wire.cast(pa.string())
    return _plain(wire, type_name, zone)


def _plain(wire: pa.Array, type_name: str, zone: str) -> pa.Array:
    if type_name == "float":
        check_finite(wire)
    return convert(wire, type_name, zone)


def _has(rows: pa.StructArray, path: tuple[str, ...]) -> bool:
    """True when the field is part of the grammar: loose ones only after they were seen."""
    type_ = rows.type
    for name in path:
        index = type_.get_field_index(name) if pa.types.is_struct(type_) else -1
        if index < 0:
            return False
        type_ = type_.field(index).type
    return bool(path)


def _at(rows: pa.StructArray, path: tuple[str, ...]) -> pa.Array:
    return pc.struct_field(rows, list(path))


def _extra(rows: pa.StructArray, grammar: Grammar, zone: str) -> pa.Array:
    types = grammar.extras
    members = {name: json_texts(_at(rows, (name,))) for name, type_ in types.items() if type_ != pa.null()}
    return object_texts(members | _raw_texts(rows, grammar.shape, zone), len(rows))


def _raw_texts(rows: pa.StructArray, shape: Shape, zone: str) -> dict[str, pa.Array]:
    """What texts said more than their column can hold, as JSON texts by the field's name."""
    found = {
        item.kept_as: raw_texts(_at(rows, item.path), item.column.type, zone)
        for item in shape.fields
        if item.path and item.kept_as and item.column.type in STAMPS
    }
    return {name: json_texts(texts) for name, texts in found.items() if texts.null_count < len(texts)}


def _items(rows: pa.StructArray, shape: ListShape, zone: str) -> Items:
    if not shape.fields or not _has(rows, (shape.wire,)):
        empty = {item.column.name: pa.nulls(0, arrow_type(item.column.type)) for item in shape.fields}
        return Items(pa.nulls(0, pa.int64()), empty)
    lists = _at(rows, (shape.wire,))
    items = pc.list_flatten(lists)
    if shape.is_plain:
        columns = {item.column.name: _plain(items, item.column.type, zone) for item in shape.fields}
    else:
        columns = {item.column.name: _column(items, item, zone) for item in shape.fields}
    return Items(pc.list_parent_indices(lists).cast(pa.int64()), columns)
