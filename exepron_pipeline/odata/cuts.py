"""Where to cut the keys that are still to be read, so that parts of them can be read side by side.

Two ways. Where the service counts, the keys at even positions cut the records into equal parts. Where it
does not, but keys are whole numbers, equal widths do, less evenly. All cuts lie below an upper fence: the
greatest key of the moment. What comes above it later is left to the next read.
"""

from collections.abc import Sequence
from itertools import pairwise

from exepron_pipeline.odata.asker import Asker, P
from exepron_pipeline.odata.lanes import Lanes
from exepron_pipeline.odata.page import Page
from exepron_pipeline.odata.spans import Key, Span, is_after, tile


def shows_order(first: Page, last: Page) -> bool:
    """Tell whether a service obeys an order by key, from its first page and the record that is last.

    One that ignores the order gives the same record first whatever order is asked for.
    """
    return is_after(last.first_key, first.last_key) or first.last_key == last.first_key != first.first_key


def cut(asker: Asker[P], lanes: Lanes, first: Page, total: int | None, fence: Key) -> list[Span]:
    """Cut the keys after the first page up to the fence into at most as many parts as there are lanes.

    Args:
        asker: Whom to ask for keys at positions.
        lanes: Where to ask.
        first: The first page.
        total: How many records the service counts; None when it does not.
        fence: The greatest key.

    """
    begin = first.last_key or ()
    if begin == fence:
        return []
    cuts = None if total is None else _even_parts(asker, lanes, first, total, fence)
    return tile(begin, _even_widths(first, fence, lanes.width) if cuts is None else cuts, fence)


def _even_parts(asker: Asker[P], lanes: Lanes, first: Page, total: int, fence: Key) -> Sequence[Key] | None:
    """The last keys of pages at even distances; None when the service does not give them."""
    size = first.rows
    pages = -(-(total - size) // size)
    parts = min(lanes.width, pages)
    found = lanes.answers(asker.key_at, [size * (1 + pages * part // parts) - 1 for part in range(1, parts)])
    bounds = [first.last_key, *found, fence]
    if not all(is_after(key, before) for before, key in pairwise(bounds)):
        return None
    return [key for key in found if key is not None]


def _even_widths(first: Page, fence: Key, most: int) -> Sequence[Key]:
    """Cut whole numbers into equal widths, each wide enough for a page as dense as the first one."""
    numbers = [*(first.first_key or ()), *(first.last_key or ()), *fence]
    if len(fence) > 1 or not all(type(number) is int for number in numbers):
        return ()
    lowest, begin, end = numbers
    parts = min(most, -(-(end - begin) // (begin - lowest + 1)))
    return [(begin + (end - begin) * part // parts,) for part in range(1, parts)]
