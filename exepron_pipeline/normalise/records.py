"""What both parsers hand over: canonical columns of one page, before the page is assembled.

Here: the shared values. Not here: parsing (``fast``, ``slow``) and assembling (``batches``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa


@dataclass(frozen=True)
class Reject:
    """A record that cannot land.

    ``position`` counts from 0 within the page; ``key`` is None where the record has none; ``reason``
    never shows a personal or financial value.
    """

    key: str | None
    reason: str
    position: int


@dataclass(frozen=True)
class Items:
    """The items of one nested list over all records; ``parents`` are positions of records, ascending."""

    parents: pa.Array
    columns: Mapping[str, pa.Array]


@dataclass(frozen=True)
class Records:
    """The records of a page, column by column, one value for each record that came.

    ``reasons`` says by position why a record is rejected; its values are then null. ``unknown`` names the
    fields outside the contract, each with the type that its values look like.
    """

    count: int
    columns: Mapping[str, pa.Array]
    extra: pa.Array
    lists: Mapping[str, Items]
    reasons: Mapping[int, str]
    unknown: Mapping[str, str] = field(default_factory=dict)


class NotPlainError(Exception):
    """The page is beyond the fast path; the slow path must look at it. Never leaves this package."""
