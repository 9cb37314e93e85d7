"""All pages of one question, whatever the service does or fails to do. Not here: decoding, spooling.

The rule. After the first page the service is asked for its greatest key, in the reverse order: that shows
whether it obeys an order by key. If so, the keys up to there are cut into ranges (``cuts.py``), and each is
read to its end by conditions on the key, side by side: nothing that stays is lost whatever comes and goes
meanwhile, and a page shorter than was asked for does no harm. Otherwise the pages are read by place, one
after the other (``places.py``), which proves nothing over several pages: two reads have to agree
(``extract/path.py``).

Each page by key answers for a range of keys, so a walk that was interrupted goes on with the ranges that no
page answered for: it is then one walk with a pause.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Generic

from exepron_pipeline.errors import RequestRejectedError
from exepron_pipeline.events import Evidence
from exepron_pipeline.http.transport import Response
from exepron_pipeline.odata.asker import Asker, P
from exepron_pipeline.odata.cuts import cut, shows_order
from exepron_pipeline.odata.gaps import find_gaps
from exepron_pipeline.odata.lanes import Lanes
from exepron_pipeline.odata.page import Page
from exepron_pipeline.odata.places import Places
from exepron_pipeline.odata.question import Question
from exepron_pipeline.odata.spans import Key, Span, uncovered
from exepron_pipeline.odata.tally import Tally

IN_MEMORY = 32 << 20
"""Bytes of answers of one walk that are under way or wait, at most, were all as large as the largest so far.

Two large ones always may: one comes while the other is decoded.
"""


class _NotByKeyError(Exception):
    """The service does not obey conditions on the key, or not always."""


class Walk(Generic[P]):
    """Reads all pages of a question: iterate once, then look at the attributes.

    Pages come in any order, and records may come twice over pages; some are missing only where
    ``evidence`` is ``none``.

    Args:
        question: What to read.
        fetch: Gives the answer of an address below the base; its errors pass through.
        decode: Turns an answer into a page; its errors pass through.
        in_flight: Requests that may be under way together. Both functions are called from several threads.
        former: The pages that an interrupted walk of the same question gave, in its order, each with what it
            covered. They are not asked for, nor given again, as long as the service still obeys the order.

    """

    def __init__(
        self,
        question: Question,
        fetch: Callable[[str], Response],
        decode: Callable[[Response], P],
        in_flight: int = 1,
        former: Sequence[tuple[Page, Span]] = (),
    ) -> None:
        self.tally = Tally()
        self.asker = Asker(question, fetch, decode)
        self.evidence: Evidence = "none"
        """What proves that every record was read, once the iteration has ended."""
        self.ended_by_place = False
        """True when several pages were read by place to a clean end: a second read may agree."""
        self.key_refused = False
        """True when the service refused or disobeyed a condition on the key."""
        self.counts_all = question.counts_all
        """True when the service's count was seen to be more than the records of a page."""
        self.doubt: str | None = None
        """What the service did that leaves the end unproven."""
        self.covered: Span | None = None
        """The keys that the page just given answers for; None where the order is not by key."""
        self._question = question
        self._former = former
        # While a page is decoded its place on the line is free: half as many again keep the line full.
        self._width = in_flight + in_flight // 2

    def __iter__(self) -> Iterator[P]:
        """Yield the pages as they come.

        Raises:
            PageLoopError: Pages or links repeat.
            RequestRejectedError: The service refuses the question itself.

        """
        with Lanes(self._width) as lanes:
            if self._former and (yield from self._is_gone_on(lanes)):
                return
            first = self.asker.first()
            self.covered = Span(None, first.last_key) if self._is_by_key(first) else None
            yield self._accepted(first)
            # One record alone shows no order: whether it is all is seen by its place.
            is_alone = first.first_key == first.last_key
            if self._is_all(first) or (is_alone and self._places.is_whole(first)):
                self.evidence = self.tally.evidence(self.tally.count, count_is_proof=self.counts)
                return
            if self._is_by_key(first):
                try:
                    yield from self._by_key(lanes, first)
                except _NotByKeyError:
                    self.tally = Tally()
                    self.tally.accept(first)
                else:
                    return
            yield from self._by_place(lanes, first)

    @property
    def counts(self) -> bool:
        """True when a standard says what the service's count counts: then more of them is a contradiction."""
        return self._question.dialect.count_is_proof

    def _accepted(self, page: P) -> P:
        self._learn(page)
        self.tally.accept(page)
        return page

    def _learn(self, page: Page) -> None:
        """See whether the service counts all records, or those of the page."""
        self.counts_all = self.counts_all or 0 < page.rows < (page.envelope.count or 0)

    def _is_all(self, first: P) -> bool:
        """True when nothing can follow: there is nothing, or as many records as the service counts over all pages."""
        if first.rows == 0 or first.envelope.next_link:
            return first.envelope.next_link is None
        is_counted = self.counts and self.counts_all and first.envelope.count == first.rows
        return is_counted and first.keys_ascending

    # -- by key --------------------------------------------------------------------------------------

    def _is_by_key(self, first: P) -> bool:
        asked = self._question
        can = asked.keyset and asked.ordered and bool(asked.key)
        return can and first.keys_ascending and first.last_key is not None

    def _is_gone_on(self, lanes: Lanes) -> Generator[P, None, bool]:
        """Read what the interrupted walk left; False when the service no longer obeys, and all is to be read."""
        for page, _ in self._former:
            self.tally.accept(page)
        try:
            yield from self._by_key(lanes, self._former[0][0])
        except _NotByKeyError:
            self.tally, self._former = Tally(), ()
            return False
        return True

    def _by_key(self, lanes: Lanes, first: Page) -> Iterator[P]:
        """Read all keys that no page has covered yet, up to the greatest key of the moment."""
        last = self.asker.last()
        if last:
            self._learn(last)
        fence = last.first_key if last else None
        if last is None or fence is None or not shows_order(first, last):
            raise _NotByKeyError
        spans = self._left(lanes, first, fence)
        count_after = last.envelope.count
        if spans:
            yield from self._ranges(lanes, spans)
            self._check_fence(fence)
            count_after = self.asker.count(Span()) if self.tally.count is not None else None
        if self.counts and self.tally.lacks(count_after):
            yield from self._again(lanes)
        self.evidence = self.tally.evidence(count_after, count_is_proof=self.counts)
        if self.evidence == "none":
            self.doubt = "it counts more records than it gives"

    def _left(self, lanes: Lanes, first: Page, fence: Key) -> list[Span]:
        """What is to be read after the first page, or after those of an interrupted walk."""
        if not self._former:
            return cut(self.asker, lanes, first, self.tally.count, fence)
        left = uncovered([span for _, span in self._former], fence)
        if left is None:
            raise _NotByKeyError
        return left

    def _ranges(self, lanes: Lanes, spans: list[Span]) -> Iterator[P]:
        try:
            for span, page in lanes.pages(self._within, _rest, spans, self._most):
                if page.rows:
                    self.covered = span.part(page)
                    yield self._accepted(page)
        except RequestRejectedError:
            self.key_refused = True
            raise _NotByKeyError from None
        except _NotByKeyError:
            self.key_refused = True
            raise

    def _most(self) -> int:
        """So many pages may be under way, as large as they are."""
        return max(2, IN_MEMORY // (self.asker.largest or 1))

    def _within(self, span: Span) -> tuple[Span, P]:
        return span, self.asker.within(span)

    def _check_fence(self, fence: tuple[object, ...]) -> None:
        """See that the read went up to the fence, unless that record is gone."""
        if max(self.tally.extents) < fence:
            last = self.asker.last()
            if last and last.first_key == fence:
                self.key_refused = True
                raise _NotByKeyError

    def _again(self, lanes: Lanes) -> Iterator[P]:
        """Read again what the service counts and did not come."""
        gaps = list(find_gaps(list(self.tally.extents.items()), self.asker.count))
        for gap in gaps:
            self.tally.forget(gap.upto or ())
        yield from self._ranges(lanes, gaps)

    def _by_place(self, lanes: Lanes, first: P) -> Iterator[P]:
        """Read what comes after the first page by its place."""
        places = self._places
        if places.is_whole(first):
            self.evidence = self.tally.evidence(self.tally.count, count_is_proof=self.counts)
            return
        self.covered = None
        yield from places.pages(lanes, first)
        self.doubt = places.doubt
        self.ended_by_place = self.doubt is None

    @property
    def _places(self) -> Places[P]:
        return Places(self._question, self.asker, self.tally)


def _rest(span: Span, answer: tuple[Span, P]) -> Span | None:
    """What is left of a range after a page of it."""
    page = answer[1]
    if page.rows and not span.holds(page):
        raise _NotByKeyError
    return span.rest(page)
