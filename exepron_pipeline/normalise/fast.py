"""The fast path: a page through Arrow's JSON reader, with no Python object for a record.

Here: pages that follow a `Grammar` to the letter. Anything else raises `NotPlainError`, and the slow path
reads the page again; both give the same values because both end in `values.convert`.
"""

import os
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json as arrow_json

from exepron_pipeline.normalise.contract import arrow_type
from exepron_pipeline.normalise.grammar import LOOSE, Grammar, Types
from exepron_pipeline.normalise.jsontext import json_texts, object_texts
from exepron_pipeline.normalise.records import Items, NotPlainError, Records
from exepron_pipeline.normalise.shape import Field, ListShape, Shape
from exepron_pipeline.normalise.unknown import KINDS
from exepron_pipeline.normalise.values import STAMPS, check_finite, convert, raw_texts

_BOM = b"\xef\xbb\xbf"
_BARE = "value"

Members = dict[str, pa.Array]
"""Columns by the name of the field, one value for each record."""


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
    """The body without byte order mark and blanks in front, if it may be a page at all; nothing is copied else.

    Arrow's JSON reader does not check UTF-8, and crashes the process on a document that begins with null.
    """
    ends = pa.py_buffer(array("i", [0, len(body)]))
    pa.Array.from_buffers(pa.string(), 1, [None, ends, pa.py_buffer(body)]).validate(full=True)
    text = body.removeprefix(_BOM).lstrip()
    if not text.startswith((b"{", b"[")):
        raise NotPlainError("neither a list nor an object")
    return text


def _parse(text: bytes, grammar: Grammar) -> tuple[pa.StructArray, dict[str, Any]]:
    if text.startswith(b"["):
        top = _read_one(b'{"%b":%b}' % (_BARE.encode(), text), {_BARE: pa.list_(grammar.record)})
        return _rows(top.pop(_BARE)), top
    *above, last = grammar.rows.split(".")
    top = _read_one(text, grammar.document)
    for name in above:
        top = _members(top[name])
    rows = _rows(top.pop(last))
    return rows, {name: value[0].as_py() for name, value in top.items()}


def _read_one(text: bytes, types: Types) -> dict[str, pa.Array]:
    """Read the one object that ``text`` must be; fields beyond ``types`` are an error."""
    whole = arrow_json.ReadOptions(use_threads=False, block_size=len(text) + 1)
    strictly = arrow_json.ParseOptions(
        explicit_schema=pa.schema(list(types.items())), unexpected_field_behavior="error"
    )
    table = (
        _parsers(os.getpid()).submit(arrow_json.read_json, pa.BufferReader(text), whole, strictly).result()
    )
    if table.num_rows != 1:
        raise NotPlainError("not one document")
    return {name: table[name].chunk(0) for name in table.column_names}  # one block makes one chunk


@cache
def _parsers(process: int) -> ThreadPoolExecutor:  # noqa: ARG001 # threads do not outlive a fork
    """A few threads that stay. Arrow keeps memory for each thread: on the many of a read, parsing costs a fourth more.

    Its own allocator also keeps what one thread took and another gave back, which is what pages do: 200 MB.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="parse")


def _members(structs: pa.StructArray) -> Members:
    return dict(zip(structs.type.names, structs.flatten(), strict=True))


def _rows(lists: pa.ListArray) -> pa.StructArray:
    rows = lists.flatten()
    if lists.null_count or rows.null_count:
        raise NotPlainError("no list of records, or null among them")
    return rows


def _records(rows: pa.StructArray, grammar: Grammar, zone: str) -> Records:
    shape, count, found = grammar.shape, len(rows), _members(rows)
    columns = _columns(found, count, shape.fields, zone)
    lists = {item.name: _items(found, item, zone) for item in shape.lists}
    extra, unknown = _extra(found, count, grammar, zone)
    return Records(count, columns, extra, lists, {}, unknown)


def _columns(rows: Members, count: int, fields: Sequence[Field], zone: str) -> Members:
    found: Members = {}
    plain: dict[str, Members] = {}
    for item in fields:
        name, type_name = item.column.name, item.column.type
        wire = _at(rows, item.path) if item.path else None
        if wire is None:
            found[name] = pa.nulls(count, arrow_type(type_name))
        elif type_name in LOOSE:  # of plain values only: others are never learnt
            found[name] = json_texts(wire) if type_name == "json" else wire.cast(pa.string())
        else:
            plain.setdefault(type_name, {})[name] = wire
    for type_name, wires in plain.items():
        is_right = type_name != "float" and all(wire.type == arrow_type(type_name) for wire in wires.values())
        found |= wires if is_right else _together(wires, partial(_plain, type_name=type_name, zone=zone))
    return found


def _together(columns: Members, function: Callable[[pa.Array], pa.Array]) -> Members:
    """Apply a function to columns of one type in one call if that works: a call costs as much as many values."""
    if len(columns) > 1:
        try:
            whole = function(pa.concat_arrays(columns.values()))
        except pa.ArrowInvalid:
            pass  # their forms differ, or a value does not fit: then its own column tells
        else:
            count = len(whole) // len(columns)
            return {name: whole.slice(at * count, count) for at, name in enumerate(columns)}
    return {name: function(column) for name, column in columns.items()}


def _plain(wire: pa.Array, type_name: str, zone: str) -> pa.Array:
    if type_name == "float":
        check_finite(wire)
    return convert(wire, type_name, zone)


def _at(rows: Members, path: tuple[str, ...]) -> pa.Array | None:
    """The values of a field; None where it is no part of the grammar: loose ones are only after they were seen."""
    first, *below = path
    found = rows.get(first)
    for name in below:
        is_part = found is not None and pa.types.is_struct(found.type) and name in found.type.names
        found = pc.struct_field(found, name) if is_part else None
    return found


def _extra(rows: Members, count: int, grammar: Grammar, zone: str) -> tuple[pa.Array, dict[str, str]]:
    """What the columns do not take, and the names of fields outside the contract."""
    unknown = {
        name: KINDS[type_]
        for name, type_ in grammar.extras.items()
        if type_ != pa.null() and rows[name].null_count < count
    }
    members = {} if grammar.shape.discards else {name: json_texts(rows[name]) for name in unknown}
    return object_texts(members | _raw_texts(rows, grammar.shape, zone), count), unknown


def _raw_texts(rows: Members, shape: Shape, zone: str) -> dict[str, pa.Array]:
    """What texts said more than their column can hold, as JSON texts by the field's name."""
    found: Members = {}
    for type_name in STAMPS:
        texts = {
            item.kept_as: _at(rows, item.path)
            for item in shape.fields
            if item.path and item.kept_as and item.column.type == type_name
        }
        found |= _together(texts, partial(raw_texts, type_name=type_name, zone=zone))
    return {name: json_texts(texts) for name, texts in found.items() if texts.null_count < len(texts)}


def _items(rows: Members, shape: ListShape, zone: str) -> Items:
    lists = rows.get(shape.wire) if shape.fields else None
    if lists is None:
        empty = {item.column.name: pa.nulls(0, arrow_type(item.column.type)) for item in shape.fields}
        return Items(pa.nulls(0, pa.int64()), empty)
    items = pc.list_flatten(lists)
    if shape.is_plain:
        columns = {item.column.name: _plain(items, item.column.type, zone) for item in shape.fields}
    else:
        columns = _columns(_members(items), len(items), shape.fields, zone)
    return Items(pc.list_parent_indices(lists).cast(pa.int64()), columns)
