"""Canonical JSON text: sorted names, no blanks, exact numbers, characters as they are.

Here: one form for one value, from Python and from Arrow. Not here: reading JSON.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from exepron_pipeline.normalise.values import by_distinct

_PLAIN_DIGITS = 40


class NotJsonError(ValueError):
    """A value that JSON cannot hold: NaN, Infinity, half a surrogate pair."""


def canonical_json(value: Any) -> str:
    """Write what `json.loads(..., parse_float=Decimal)` read.

    Raises:
        NotJsonError: The value holds something that is no JSON.

    """
    match value:
        case dict():
            members = (f"{_quoted(name)}:{canonical_json(value[name])}" for name in sorted(value))
            return "{" + ",".join(members) + "}"
        case list():
            return "[" + ",".join(map(canonical_json, value)) + "]"
        case str():
            return _quoted(value)
        case int() | Decimal() if not isinstance(value, bool):
            return number_text(value)
        case None | True | False:
            return json.dumps(value)
        case _:
            raise NotJsonError("NaN or Infinity")


def number_text(number: int | Decimal) -> str:
    """Write a number plainly, without trailing zeros; with an exponent only where it is very long."""
    if isinstance(number, int):
        return str(number)
    if abs(number.adjusted()) > _PLAIN_DIGITS:
        return str(number) if number else "0"
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _quoted(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotJsonError("half a surrogate pair") from None
    return json.dumps(text, ensure_ascii=False)


def json_texts(column: pa.Array) -> pa.Array:
    """The JSON texts of a column of texts, whole numbers or booleans; null stays null."""
    if not pa.types.is_string(column.type):
        return column.cast(pa.string())
    if pc.any(pc.match_substring_regex(column, r'[\x00-\x1f"\\]')).as_py():
        return by_distinct(column, _quoted, pa.string())
    return pc.binary_join_element_wise('"', column, '"', "")


def object_texts(members: Mapping[str, pa.Array], count: int) -> pa.Array:
    """JSON objects from columns of JSON texts, without null members; null where none is left."""
    if not members:
        return pa.nulls(count, pa.string())
    # A comma before each: Arrow's join that skips nulls loses the records where all are null.
    named = [pc.binary_join_element_wise(f",{_quoted(name)}:", members[name], "") for name in sorted(members)]
    joined = pc.binary_join_element_wise(*(pc.fill_null(part, "") for part in named), "")
    texts = pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(joined, 1), "}", "")
    return pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), texts)
