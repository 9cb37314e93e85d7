"""Columns as they come on the wire to columns of the contract. One function a type, whole columns at once.

Here: what both parsers share, so that they cannot differ. Not here: finding the fields in a record.
A value that does not fit raises `pyarrow.ArrowInvalid` for its column.
"""

import base64
import binascii
from collections.abc import Callable
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from exepron_pipeline.normalise import stamps
from exepron_pipeline.normalise.contract import arrow_type

STAMPS = frozenset({"timestamp", "time"})
"""Types whose texts may say more than a column can hold."""

_WIRE_TYPES = {
    "int": pa.decimal128(
        19, 0
    ),  # Arrow reads decimals from numbers and from texts: services write Int64 as both
    "float": pa.float64(),
    "bool": pa.bool_(),
}


@cache
def wire_type(type_name: str) -> pa.DataType:
    """The Arrow type in which a column of that type is read before `convert`.

    Arrow's JSON reader scales decimals up without looking whether the result still fits: in 128 bits a
    number with too many digits becomes another number. 38 digits times 10^38 always fit into 256 bits,
    and the cast to the contract's type looks.
    """
    if type_name.startswith("decimal"):
        return pa.decimal256(38, arrow_type(type_name).scale)
    return _WIRE_TYPES.get(type_name, pa.string())


def convert(wire: pa.Array, type_name: str, zone: str) -> pa.Array:
    """Turn a column of `wire_type` into the contract's type, exactly.

    Args:
        wire: The column as read.
        type_name: The column's type in the catalogue.
        zone: The zone of stamps that carry none.

    Raises:
        pyarrow.ArrowInvalid: A value does not fit.

    """
    function = _CONVERSIONS.get(type_name)
    return function(wire, zone) if function else _cast(wire, arrow_type(type_name))


def _cast(wire: pa.Array, type_: pa.DataType) -> pa.Array:
    return wire if wire.type == type_ else wire.cast(type_)


def raw_texts(wire: pa.Array, type_name: str, zone: str) -> pa.Array:
    """The texts of a column of `STAMPS` that say more than `convert` makes of them, null for all others.

    Raises:
        pyarrow.ArrowInvalid: A value does not fit.

    """
    return (
        stamps.stamps_telling_more(wire, zone)
        if type_name == "timestamp"
        else stamps.times_telling_more(wire)
    )


def by_distinct(values: pa.Array, function: Callable[[Any], Any], type_: pa.DataType) -> pa.Array:
    """Apply a Python function once to each distinct value; nulls stay null."""
    encoded = values.dictionary_encode()
    results = pa.array([function(value) for value in encoded.dictionary.to_pylist()], type_)
    return results.take(encoded.indices)


def check_finite(numbers: pa.Array) -> None:
    """Refuse numbers that were too large to be read: `pyarrow.ArrowInvalid`."""
    if not pc.all(pc.is_finite(numbers), min_count=0).as_py():
        raise pa.ArrowInvalid("a number is beyond all doubles")


def _binary(text: str) -> bytes:
    """Decode base64 in either alphabet, padded or not; services use both."""
    standard = text.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise pa.ArrowInvalid("no base64") from None


_CONVERSIONS: dict[str, Callable[[pa.Array, str], pa.Array]] = {
    "timestamp": stamps.instants,
    "date": lambda wire, _: stamps.dates(wire),
    "time": lambda wire, _: stamps.times(wire),
    "int": lambda wire, _: _cast(wire, pa.int64()),
    "float": lambda wire, _: pc.add(wire, 0.0),  # -0.0 becomes 0.0: equal numbers have one form
    "binary": lambda wire, _: by_distinct(wire, _binary, pa.binary()),
}
