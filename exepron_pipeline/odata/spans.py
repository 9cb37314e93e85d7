"""Ranges of keys: what a read by key is cut into. Values; not here: finding where to cut (``cuts.py``).

Ranges that tile the keys lose nothing whatever is inserted or deleted meanwhile, and can be read in any
order, together. OData compares no tuples, so a key of several parts becomes ``a gt x or (a eq x and b gt y)``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.filter import Condition, KeyPart, Operator, all_of, compare
from exepron_pipeline.odata.page import Page

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Span:
    """The keys that come after ``after``, up to and with ``upto``; None: no bound on that side."""

    after: Key | None = None
    upto: Key | None = None

    def condition(self, parts: Sequence[KeyPart], dialect: Dialect) -> str | None:
        """Write the filter that holds for these keys alone; None for all keys."""
        found = []
        if self.after is not None:
            found.append(_compared(parts, self.after, "gt", "gt"))
        if self.upto is not None:
            found.append(_compared(parts, self.upto, "lt", "le"))
        return all_of(*found).text(dialect) if found else None

    def holds(self, page: Page) -> bool:
        """True when a page with keys has them in order, and all of them in this range."""
        return page.keys_ascending and is_after(page.first_key, self.after) and self._is_upto(page.last_key)

    def rest(self, page: Page) -> "Span | None":
        """What of this range comes after a page of it; None when that was all."""
        is_last = page.rows == 0 or (self.upto is not None and not is_after(self.upto, page.last_key))
        return None if is_last else Span(page.last_key, self.upto)

    def part(self, page: Page) -> "Span":
        """What of this range is known from a page of it: all up to its last key."""
        left = self.rest(page)
        return self if left is None else Span(self.after, left.after)

    def _is_upto(self, key: Key | None) -> bool:
        return self.upto is None or key == self.upto or is_after(self.upto, key)


def tile(first: Key, cuts: Sequence[Key], last: Key) -> list[Span]:
    """Cut the keys after ``first`` up to ``last`` at each of ``cuts``, which ascend between them."""
    bounds = [first, *cuts, last]
    return [Span(after, upto) for after, upto in pairwise(bounds)]


def uncovered(covered: Sequence[Span], last: Key) -> list[Span] | None:
    """What is left of the keys up to ``last``, in order.

    Returns:
        None when ``covered`` cannot be trusted: ranges overlap, or keys cannot be compared.

    """
    known: Key | None = None
    gaps = []
    try:
        for span in sorted(covered, key=lambda span: span.upto or ()):
            if span.after != known:
                gaps.append(Span(known, span.after))
            if not is_after(span.upto, span.after) or (known and span.after and known > span.after):
                return None
            known = span.upto
    except TypeError:
        return None
    return [gap for gap in [*gaps, Span(known, last)] if is_after(last, gap.after)]


def is_after(key: Key | None, last: Key | None) -> bool:
    """True when ``key`` comes after ``last``; keys that cannot be compared do not."""
    try:
        return key is not None and (last is None or key > last)
    except TypeError:
        return False


def _compared(parts: Sequence[KeyPart], key: Key, outer: Operator, inner: Operator) -> Condition:
    """Compare with a key of one or several parts; ``inner`` is for the last part."""
    *first, (end, value) = zip(parts, key, strict=True)
    condition: Condition = compare(end, inner, value)
    for part, value in reversed(first):
        condition = compare(part, outer, value) | all_of(compare(part, "eq", value), condition)
    return condition
