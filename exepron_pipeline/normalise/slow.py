"""The slow path: a page through Python's JSON reader, exact, and able to name the record that is wrong.

Here: records as Python values to columns. Not here: what a value means (``scalars``, ``values``).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from exepron_pipeline.catalogue.model import Column
from exepron_pipeline.errors import ResponseError
from exepron_pipeline.normalise.contract import arrow_type
from exepron_pipeline.normalise.grammar import LOOSE
from exepron_pipeline.normalise.jsontext import NotJsonError, canonical_json
from exepron_pipeline.normalise.records import Items, Records
from exepron_pipeline.normalise.scalars import wire_value
from exepron_pipeline.normalise.shape import Field, ListShape, Shape, Tree, is_annotation, is_deferred
from exepron_pipeline.normalise.unknown import note_unknown
from exepron_pipeline.normalise.values import STAMPS, convert, raw_texts, wire_type

Reasons = dict[int, str]

_DEEP = "the record nests too deeply"
_SHOWN = 40
_HINT = "Check EXEPRON_API_URL: a login page, a proxy or another service may have answered."


class _NotJson:
    """Stands for what is no value: NaN and Infinity, and an object that names a member twice."""


_NOT_JSON = _NotJson()


def _object(members: list[tuple[str, Any]]) -> Any:
    """An object; which of two members of one name is meant, nobody knows."""
    found = dict(members)
    return found if len(found) == len(members) else _NOT_JSON


# Control characters in texts are taken as they are, though JSON wants them escaped: what they mean is clear.
_READER = json.JSONDecoder(
    parse_float=Decimal, parse_constant=lambda _: _NOT_JSON, object_pairs_hook=_object, strict=False
)


def load_document(body: bytes, name: str) -> object:
    """Parse a page.

    Args:
        body: The response's body.
        name: The entity set, for the message.

    Raises:
        ResponseError: The body is no complete JSON document in UTF-8.

    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ResponseError(f"{name}: the answer is not UTF-8 text.", hint=_HINT) from None
    if not text.strip():
        raise ResponseError(f"{name}: the answer has no body.", hint=_HINT)
    if text.lstrip().startswith("<"):
        raise ResponseError(f"{name}: the answer is HTML or XML, no JSON.", hint=_HINT)
    try:
        document = _READER.decode(text.strip())
    except (ValueError, ArithmeticError) as error:
        where = (
            f"at character {error.pos} of {len(text)}"
            if isinstance(error, json.JSONDecodeError)
            else "in a number"
        )
        raise ResponseError(f"{name}: the answer is no JSON or was cut off ({where}).", hint=_HINT) from None
    except RecursionError:
        raise ResponseError(f"{name}: the answer nests too deeply to be records.", hint=_HINT) from None
    if document is _NOT_JSON:
        raise ResponseError(f"{name}: the answer is NaN, or names a member twice.", hint=_HINT)
    return document


def read_records(rows: Sequence[object], shape: Shape, zone: str) -> Records:
    """Turn parsed records into columns; a record that does not fit gets a reason instead.

    Args:
        rows: What the envelope held, not yet known to be objects.
        shape: Where the fields are.
        zone: The zone of stamps that carry none.

    """
    reasons: Reasons = {i: _no_record(row) for i, row in enumerate(rows) if not isinstance(row, dict)}
    records = [row if isinstance(row, dict) else {} for row in rows]
    everyone = range(len(records))
    columns = {item.column.name: _column(item, records, everyone, reasons, zone) for item in shape.fields}
    lists = {item.name: _items(item, records, reasons, zone) for item in shape.lists}
    raws = _raw_texts(records, shape, zone)
    unknown: dict[str, str] = {}
    extra = [_extra(record, shape, raws[i], i, reasons, unknown) for i, record in enumerate(records)]
    return Records(len(records), columns, pa.array(extra, pa.string()), lists, reasons, unknown)


def _no_record(row: object) -> str:
    return "the record names a field twice" if row is _NOT_JSON else "the record is no object"


def leftovers(value: Any, taken: Tree, ignored: Callable[[str], bool]) -> Any:
    """What of a value the contract does not take; None when nothing is left."""
    if isinstance(value, list):
        items = [leftovers(item, taken, ignored) for item in value]
        return items if any(item is not None for item in items) else None
    if not isinstance(value, dict):
        return None
    rests: dict[str, Any] = {}
    for name, member in value.items():
        below = taken.get(name)
        if below:
            rests[name] = _below(member, below)
        elif below is None and not ignored(name) and not _is_deferred(member):
            rests[name] = without_annotations(member)
    return {name: rest for name, rest in rests.items() if rest is not None} or None


def _below(member: Any, taken: Tree) -> Any:
    member = _unwrapped(member)
    return leftovers(member, taken, is_annotation) if isinstance(member, dict | list) else member


def without_annotations(value: Any) -> Any:
    """A value without what OData says about it, in all its depth: addresses and types are no data."""
    if isinstance(value, list):
        return [without_annotations(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: without_annotations(member) for name, member in value.items() if not is_annotation(name)}


def _extra(
    record: dict[str, Any],
    shape: Shape,
    raws: Mapping[str, str],
    position: int,
    reasons: Reasons,
    unknown: dict[str, str],
) -> str | None:
    try:
        rest = leftovers(record, shape.taken, lambda name: is_annotation(name) or name in shape.navigation)
        note_unknown(unknown, rest or {}, shape.taken)
        if shape.discards:
            rest = None
        return canonical_json({**(rest or {}), **raws}) if rest or raws else None
    except NotJsonError:
        reasons.setdefault(
            position,
            "a field outside the contract holds what JSON cannot: NaN, half a character, a name twice",
        )
    except RecursionError:
        reasons.setdefault(position, _DEEP)
    return None


def _raw_texts(records: Sequence[Any], shape: Shape, zone: str) -> list[dict[str, str]]:
    """For each record the texts that say more than their column can hold, by the field's name."""
    found: list[dict[str, str]] = [{} for _ in records]
    for item in shape.fields:
        if item.kept_as and item.column.type in STAMPS:
            raws = [_dig(record, item.path) for record in records]
            texts = [raw if isinstance(raw, str) else None for raw in raws]
            for kept, text in zip(found, _telling_more(texts, item.column.type, zone), strict=True):
                if text is not None:
                    kept[item.kept_as] = text
    return found


def _telling_more(texts: Sequence[str | None], type_name: str, zone: str) -> list[str | None]:
    try:
        raws: list[str | None] = raw_texts(pa.array(texts, pa.string()), type_name, zone).to_pylist()
    except (pa.ArrowInvalid, UnicodeEncodeError):
        if len(texts) == 1:
            return [None]  # as a value it is rejected
        return [raw for text in texts for raw in _telling_more([text], type_name, zone)]
    return raws


def _column(
    field: Field, records: Sequence[Any], positions: Sequence[int], reasons: Reasons, zone: str
) -> pa.Array:
    """One column over ``records``; ``positions`` tells to which record of the page each belongs."""
    column = field.column
    raws = [_dig(record, field.path) for record in records]
    wire = []
    for position, raw in zip(positions, raws, strict=True):
        try:
            wire.append(wire_value(_bare(raw) if column.type in LOOSE else raw, column.type))
        except (ValueError, ArithmeticError, RecursionError):
            wire.append(None)
            reasons.setdefault(position, _reason(column, raw))
    try:
        return _converted(wire, column, zone)
    except (pa.ArrowInvalid, OverflowError):
        return _one_by_one(
            wire, column, zone, lambda at: reasons.setdefault(positions[at], _reason(column, raws[at]))
        )


def _one_by_one(wire: Sequence[Any], column: Column, zone: str, refuse: Callable[[int], object]) -> pa.Array:
    """Convert value for value: the column mixes forms, or one of its values does not fit."""
    parts = []
    for at, value in enumerate(wire):
        try:
            parts.append(_converted([value], column, zone))
        except (pa.ArrowInvalid, OverflowError):
            refuse(at)
            parts.append(pa.nulls(1, arrow_type(column.type)))
    return pa.concat_arrays(parts)


def _converted(wire: Sequence[Any], column: Column, zone: str) -> pa.Array:
    return convert(pa.array(wire, wire_type(column.type)), column.type, zone)


def _items(shape: ListShape, records: Sequence[Mapping[str, Any]], reasons: Reasons, zone: str) -> Items:
    parents: list[int] = []
    items: list[Any] = []
    for position, record in enumerate(records if shape.fields else ()):
        found = _list(record.get(shape.wire))
        if found is None or not (shape.is_plain or all(isinstance(item, dict | None) for item in found)):
            reasons.setdefault(position, f"{shape.name}: the field {shape.wire} is no list of its items")
            continue
        parents += [position] * len(found)
        items += found
    columns = {item.column.name: _column(item, items, parents, reasons, zone) for item in shape.fields}
    return Items(pa.array(parents, pa.int64()), columns)


def _list(value: Any) -> list[Any] | None:
    """The items of a nested list; none where it is null or not expanded; None where it is no list."""
    value = _unwrapped(value)
    if value is None or _is_deferred(value):
        return []
    return value if isinstance(value, list) else None


def _unwrapped(value: Any) -> Any:
    """A nested list without the object that OData V2 puts around it."""
    is_wrapped = isinstance(value, dict) and isinstance(value.get("results"), list)
    return value["results"] if is_wrapped else value


def _bare(value: Any) -> Any:
    return without_annotations(_unwrapped(value))


def _is_deferred(value: Any) -> bool:
    return isinstance(value, dict) and is_deferred(value)


def _dig(value: Any, path: tuple[str, ...] | None) -> Any:
    if path is None:
        return None
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return None if _is_deferred(value) else value


def _reason(column: Column, raw: Any) -> str:
    return f"{column.name}: {_shown(column, raw)} does not fit {column.type}"


def _shown(column: Column, raw: Any) -> str:
    if column.personal or column.financial:
        return "the value"
    if isinstance(raw, dict | list):
        return "an object" if isinstance(raw, dict) else "a list"
    try:
        text = canonical_json(raw)
    except NotJsonError:
        return "NaN, Infinity or half a character"
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
