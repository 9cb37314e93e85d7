"""One value: from what Python's JSON reader gives to what `values.convert` takes.

Here: what is accepted as which type, beyond the one right form. Only what loses nothing is accepted:
numbers written as texts, whole numbers written with a point, numbers where text is expected.
"""

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from exepron_pipeline.normalise.jsontext import canonical_json, number_text

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)


class MisfitError(ValueError):
    """The value is none of its type."""


def wire_value(raw: Any, type_name: str) -> Any:
    """Turn one JSON value into a value of `values.wire_type`.

    Args:
        raw: None, bool, int, Decimal, str, list or dict.
        type_name: The column's type in the catalogue.

    Raises:
        ValueError: The value does not fit.

    """
    read: Callable[[Any], Any] = _READERS.get(type_name, _number)
    return None if raw is None else read(raw)


def _number(raw: Any) -> Decimal:
    if isinstance(raw, str) and _NUMBER.fullmatch(raw):
        return Decimal(raw)
    if isinstance(raw, int | Decimal) and not isinstance(raw, bool):
        return Decimal(raw)
    raise MisfitError("no number")


_NO_NUMBERS = {
    "NaN": math.nan,
    "INF": math.inf,
    "-INF": -math.inf,
    "Infinity": math.inf,
    "-Infinity": -math.inf,
}
"""Texts for what JSON has no numbers for: OData's, and .NET's."""


def _float(raw: Any) -> float:
    if isinstance(raw, str) and raw in _NO_NUMBERS:
        return _NO_NUMBERS[raw]
    number = float(_number(raw))
    if math.isinf(number):
        raise MisfitError("a number beyond all doubles")
    return number


def _bool(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw in ("true", "false"):
        return bool(raw == "true")
    raise MisfitError("neither true nor false")


def _text(raw: Any) -> str:
    if isinstance(raw, int | Decimal) and not isinstance(raw, bool):
        return number_text(raw)
    return _checked(raw)


def _checked(raw: Any) -> str:
    if not isinstance(raw, str):
        raise MisfitError("no text")
    raw.encode()  # half a surrogate pair is a UnicodeEncodeError, which is a ValueError
    return raw


def _variant(raw: Any) -> str:
    return _checked(raw) if isinstance(raw, str) else canonical_json(raw)


_READERS: dict[str, Callable[[Any], Any]] = {
    "int": _number,
    "float": _float,
    "bool": _bool,
    "text": _text,
    "json": canonical_json,
    "variant": _variant,
    "date": _checked,
    "time": _checked,
    "timestamp": _checked,
    "binary": _checked,
}
