"""Where records are missing: the keys are bisected by the service's counts. Not here: reading them again."""

from collections.abc import Callable, Iterator, Sequence

from exepron_pipeline.odata.spans import Key, Span

Extent = tuple[Key, int]
"""What a page covered: its last key, and how many records it brought."""

Counter = Callable[[Span], int | None]


def find_gaps(extents: Sequence[Extent], count_in: Counter) -> Iterator[Span]:
    """Find the ranges, each as wide as one page, of which the service counts more records than came.

    Args:
        extents: Of all pages; those of one page begin where those of the page before end.
        count_in: Asks for the number of records in a range of keys.

    """
    ordered = sorted(extents)
    counted = count_in(Span(None, ordered[-1][0])) if ordered else None
    if counted is not None:
        yield from _bisect(ordered, 0, len(ordered), counted, count_in)


def _bisect(
    extents: Sequence[Extent], low: int, high: int, counted: int, count_in: Counter
) -> Iterator[Span]:
    if counted <= sum(rows for _, rows in extents[low:high]):
        return
    if high - low == 1:
        yield _span(extents, low, high)
        return
    middle = (low + high) // 2
    left = count_in(_span(extents, low, middle))
    if left is not None:
        yield from _bisect(extents, low, middle, left, count_in)
        yield from _bisect(extents, middle, high, counted - left, count_in)


def _span(extents: Sequence[Extent], low: int, high: int) -> Span:
    return Span(extents[low - 1][0] if low else None, extents[high - 1][0])
