"""What records look like, from records: for services that describe themselves in no document.

Here: the narrowest type that every seen value fits. Not here: asking for the records. A type from samples is a guess:
the next record may be different; so a number with decimals is a Decimal, and a binary fraction only where the
numbers seen fit no Decimal, and a property that was always null is of unknown type.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from exepron_pipeline.odata.metadata.description import COMPLEX, OPAQUE, DescribedSet, Property
from exepron_pipeline.odata.metadata.keys import guess_key

UNKNOWN = "PrimitiveType"
"""Type of a property of which no value was seen."""

DEEPEST = 6
MOST_DIGITS, LEAST_BEHIND = 38, 10
"""Digits of a Decimal in all, and those behind the point that are always kept free."""
_ANNOTATION = re.compile(r"^(@|odata\.|__metadata$|__deferred$)|@")
_TEXTS = (
    ("Guid", re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")),
    ("Date", re.compile(r"\d{4}-\d\d-\d\d")),
    ("DateTimeOffset", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")),
    ("DateTime", re.compile(r"/Date\(-?\d+([+-]\d+)?\)/")),
    ("TimeOfDay", re.compile(r"\d\d:\d\d:\d\d(\.\d+)?")),
)


def describe_records(
    name: str, path: str, records: Sequence[object], key: tuple[str, ...] = ()
) -> DescribedSet:
    """Describe a set by some of its records.

    Args:
        name: The set's name.
        path: Where the records came from.
        records: Parsed with decimals kept exact; what is no object is passed over.
        key: The key, where it is known; else a name has to speak for itself.

    """
    rows = [each for each in records if isinstance(each, Mapping)]
    properties = tuple(each for each in _properties(rows, 0) if each.name)
    deferred = {name for row in rows for name, value in row.items() if _is_deferred(value)}
    own = tuple(each for each in properties if each.name not in deferred)
    guessed = () if key else guess_key(name, own)
    if guessed and len({str(row.get(guessed[0])) for row in rows}) == len(rows):
        key = guessed
    problem = (
        "" if key else "has no property that looks like a key" if rows else "shows no record to learn from"
    )
    return DescribedSet(name, path, key, own, navigation=tuple(sorted(deferred)), problem=problem)


def _properties(rows: Sequence[Mapping[str, Any]], depth: int) -> list[Property]:
    names = dict.fromkeys(name for row in rows for name in row if not _ANNOTATION.search(name))
    return [_property(name, [row.get(name) for row in rows], depth) for name in names]


def _property(name: str, values: Sequence[Any], depth: int) -> Property:
    seen = [value for value in values if value is not None]
    if seen and all(isinstance(value, list) for value in seen):
        items = [item for value in seen for item in value]
        inner = _property(name, items, depth + 1)
        kind = OPAQUE if inner.many or not items else inner.type
        return Property(name, kind, many=True, fields=inner.fields)
    if seen and depth < DEEPEST and all(isinstance(value, Mapping) for value in seen):
        fields = tuple(_properties(seen, depth + 1))
        return Property(name, COMPLEX if fields else OPAQUE, fields=fields)
    return Property(name, _scalar(seen))


def _scalar(seen: Sequence[Any]) -> str:
    if not seen:
        return UNKNOWN
    if all(isinstance(value, bool) for value in seen):
        return "Boolean"
    if any(isinstance(value, bool | list | Mapping) for value in seen):
        return OPAQUE
    if all(isinstance(value, int) for value in seen):
        return "Int64"
    if all(isinstance(value, int | Decimal) for value in seen):
        return "Decimal" if _are_decimals(seen) else "Double"
    return _text(seen) if all(isinstance(value, str) for value in seen) else UNKNOWN


def _are_decimals(seen: Iterable[int | Decimal]) -> bool:
    """False where one number of digits and of decimals does not fit all: beside 1e30 there is no room for 1e-9."""
    before, behind = 0, LEAST_BEHIND
    for number in map(Decimal, seen):
        exponent = number.as_tuple().exponent
        before = max(before, number.adjusted() + 1)
        behind = max(behind, -exponent if isinstance(exponent, int) else MOST_DIGITS)
    return before + behind <= MOST_DIGITS


def _text(seen: Iterable[str]) -> str:
    texts = list(seen)
    return next((type_ for type_, form in _TEXTS if all(map(form.fullmatch, texts))), "String")


def _is_deferred(value: object) -> bool:
    return isinstance(value, Mapping) and list(value) == ["__deferred"]
