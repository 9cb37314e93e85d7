"""The keys of one page: first, last, and whether they ascend. Cheap: no Python value for a record.

Paging walks by them (``odata.paging``); de-duplication is not done here (``land``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class KeySpan:
    """Keys as Python values of the columns' types; None when no record of the page has a key."""

    first: tuple[Any, ...] | None
    last: tuple[Any, ...] | None
    ascending: bool


def span(columns: Sequence[pa.Array]) -> KeySpan:
    """Look at the key columns of a page; records with an incomplete key are passed over."""
    known = columns if all_have_key(columns) else [column.filter(has_key(columns)) for column in columns]
    if not len(known[0]):
        return KeySpan(None, None, ascending=True)
    return KeySpan(_at(known, 0), _at(known, -1), ascending=_ascending(known))


def has_key(columns: Sequence[pa.Array]) -> pa.Array:
    """True for each record whose key is complete."""
    found = pc.is_valid(columns[0])
    for column in columns[1:]:
        found = pc.and_(found, pc.is_valid(column))
    return found


def all_have_key(columns: Sequence[pa.Array]) -> bool:
    """True when the key of every record is complete."""
    return not any(column.null_count for column in columns)


def key_text(columns: Sequence[pa.Array], position: int) -> str | None:
    """One record's key for people, or None where it is incomplete."""
    values = [column[position].as_py() for column in columns]
    return None if None in values else ",".join(map(str, values))


def _at(columns: Sequence[pa.Array], index: int) -> tuple[Any, ...]:
    return tuple(column[index].as_py() for column in columns)


def _ascending(columns: Sequence[pa.Array]) -> bool:
    """Compare neighbours from the last column of the key to the first."""
    *others, (one, next_) = [(column.slice(0, len(column) - 1), column.slice(1)) for column in columns]
    rises = pc.less(one, next_)
    for one, next_ in reversed(others):
        rises = pc.or_(pc.less(one, next_), pc.and_(pc.equal(one, next_), rises))
    return bool(pc.all(rises, min_count=0).as_py())
