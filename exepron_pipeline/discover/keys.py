"""Which properties of records are their key, told by the records themselves. Pure.

Here: candidates by name and type, the first that differs from record to record. Not here: asking for more records to
see whether it still does (``discovery.py``).
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, islice

from exepron_pipeline.catalogue.naming import column_name
from exepron_pipeline.odata.looker import Row, Rows, value_at
from exepron_pipeline.odata.metadata.description import DescribedSet, Property
from exepron_pipeline.odata.metadata.keys import guess_key

_IDS = {"id", "key", "guid", "uuid", "oid", "ref", "no", "nr", "number", "code"}
"""Last words of names of what identifies a record, or another record."""
_NUMBERS = {"Int16", "Int32", "Int64", "Guid"}
_PARTS = {*_NUMBERS, "Date"}
_MOST_PARTS, _MOST_IDS = 3, 4
_FEW = 20
"""So few records differ by accident: only names speak then, and where they do not, all ids together."""


def key_candidates(described: DescribedSet, rows: Rows) -> list[str]:
    """Properties that may be of the key: filled in all records, and named or typed like one."""
    first = next(iter(described.properties), None)
    return [
        each.name
        for each in described.properties
        if not each.many
        and (each.type in _PARTS or ((_is_id(each) or each is first) and each.type == "String"))
        and all(value_at(row, each.name) is not None for row in rows)
    ]


def find_key(described: DescribedSet, rows: Rows, candidates: Sequence[str]) -> tuple[str, ...]:
    """The first of the sensible combinations that no two records share; nothing when there is none.

    Args:
        described: Properties of the set, as its records show them.
        rows: As many of its records as are at hand; they need to hold the candidates only.
        candidates: What `key_candidates` gave.

    """
    usable = [each for each in described.properties if each.name in candidates]
    tried = _combinations(described.name, usable, is_few=len(rows) < _FEW)
    return next((key for key in tried if _differ(rows, key)), ()) if rows else ()


def _combinations(name: str, usable: list[Property], *, is_few: bool) -> Iterator[tuple[str, ...]]:
    yield guess_key(name, usable)
    stems = {word.removesuffix("s") for word in column_name(name).split("_")}
    ids = [each for each in usable if _is_id(each)]
    yield from ((each.name,) for each in ids if stems & set(column_name(each.name).split("_")))
    if is_few and 1 < len(ids) <= _MOST_IDS:
        yield tuple(each.name for each in ids)
    yield from ((each.name,) for each in usable[:1] if _is_id(each) or each.type in _NUMBERS)
    parts = [each.name for each in usable if _is_id(each) or each.type in _PARTS]
    yield from ((each.name,) for each in ids[1:] if each.type == "Guid")
    for count in range(2, _MOST_PARTS + 1):
        yield from islice(_pairs(parts, {each.name for each in ids}, count), 200)


def _pairs(parts: list[str], ids: set[str], count: int) -> Iterator[tuple[str, ...]]:
    """Combinations with an id in them, those of nothing else first."""
    found = [each for each in combinations(parts, count) if ids & set(each)]
    yield from sorted(found, key=lambda each: len(set(each) - ids))


def _differ(rows: Sequence[Row], key: tuple[str, ...]) -> bool:
    return bool(key) and len({tuple(str(value_at(row, name)) for name in key) for row in rows}) == len(rows)


def _is_id(each: Property) -> bool:
    return column_name(each.name).split("_")[-1] in _IDS
