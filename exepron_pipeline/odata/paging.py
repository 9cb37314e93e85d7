"""All pages of one question, whatever the service does or fails to do. Not here: decoding, spooling.

The rule. After the first page the service is asked for its greatest key, in the reverse order: that shows
whether it obeys an order by key. If so, the keys up to there are cut into ranges (``cuts.py``), and each is
read to its end by conditions on the key, side by side: nothing that stays is lost whatever comes and goes
meanwhile, and a page shorter than was asked for does no harm. Otherwise the pages are read by place, one
after the other: next links are followed, and `$skip` looks for more behind them. Places shift when records
come and go, so that proves nothing over several pages: two reads have to agree (``extract/path.py``).
"""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from typing import Generic

from exepron_pipeline.errors import RequestRejectedError
from exepron_pipeline.events import Evidence
from exepron_pipeline.http.transport import Response
from exepron_pipeline.odata.ahead import peek_link
from exepron_pipeline.odata.asker import Asker, P
from exepron_pipeline.odata.cuts import cut, shows_order
from exepron_pipeline.odata.gaps import find_gaps
from exepron_pipeline.odata.lanes import Lanes
from exepron_pipeline.odata.links import place_below
from exepron_pipeline.odata.question import Question
from exepron_pipeline.odata.spans import Span
from exepron_pipeline.odata.tally import Tally

MAX_EMPTY_LINKS = 3  # empty pages in a row whose link is still followed


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

    """

    def __init__(
        self,
        question: Question,
        fetch: Callable[[str], Response],
        decode: Callable[[Response], P],
        in_flight: int = 1,
    ) -> None:
        self.tally = Tally()
        self.asker = Asker(question, fetch, decode)
        self.evidence: Evidence = "none"
        """What proves that every record was read, once the iteration has ended."""
        self.ended_by_place = False
        """True when several pages were read by place to a clean end: a second read may agree."""
        self.key_refused = False
        """True when the service refused or disobeyed a condition on the key."""
        self.doubt: str | None = None
        """What the service did that leaves the end unproven."""
        self._question = question
        # While a page is decoded its place on the line is free: half as many again keep the line full.
        self._width = in_flight + in_flight // 2

    def __iter__(self) -> Iterator[P]:
        """Yield the pages as they come.

        Raises:
            PageLoopError: Pages or links repeat.
            RequestRejectedError: The service refuses the question itself.

        """
        with Lanes(self._width) as lanes:
            first = self.asker.first()
            yield self._accepted(first)
            # One record alone shows no order: whether it is all is seen by its place.
            is_alone = first.first_key == first.last_key
            if self._is_all(first) or (is_alone and self._is_whole(first)):
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
        self.tally.accept(page)
        return page

    def _is_all(self, first: P) -> bool:
        """True when nothing can follow: there is nothing, or as many records as the service counts."""
        if first.rows == 0:
            return first.envelope.next_link is None
        return self.counts and first.keys_ascending and first.envelope.count == first.rows

    def _is_full(self, page: P) -> bool:
        return self._question.sized and page.rows == self.asker.size

    # -- by key --------------------------------------------------------------------------------------

    def _is_by_key(self, first: P) -> bool:
        asked = self._question
        can = asked.keyset and asked.ordered and bool(asked.key)
        return can and first.keys_ascending and first.last_key is not None

    def _by_key(self, lanes: Lanes, first: P) -> Iterator[P]:
        """Read all keys after the first page's, up to the greatest key of the moment."""
        last = self.asker.last()
        fence = last.first_key if last else None
        if last is None or fence is None or not shows_order(first, last):
            raise _NotByKeyError
        count_after = last.envelope.count
        if fence != first.last_key:
            yield from self._ranges(lanes, cut(self.asker, lanes, first, self.tally.count, fence))
            self._check_fence(fence)
            count_after = self.asker.count(Span()) if self.tally.count is not None else None
        if self.counts and self.tally.lacks(count_after):
            yield from self._again(lanes)
        self.evidence = self.tally.evidence(count_after, count_is_proof=self.counts)
        if self.evidence == "none":
            self.doubt = "it counts more records than it gives"

    def _ranges(self, lanes: Lanes, spans: list[Span]) -> Iterator[P]:
        try:
            for page in lanes.pages(self.asker.within, _rest, spans):
                if page.rows:
                    yield self._accepted(page)
        except RequestRejectedError:
            self.key_refused = True
            raise _NotByKeyError from None
        except _NotByKeyError:
            self.key_refused = True
            raise

    def _check_fence(self, fence: tuple[object, ...]) -> None:
        """See that the read went up to the fence, unless that record is gone."""
        if fence not in self.tally.extents:
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

    # -- by place ------------------------------------------------------------------------------------

    def _by_place(self, lanes: Lanes, first: P) -> Iterator[P]:
        if self._is_whole(first):
            self.evidence = self.tally.evidence(self.tally.count, count_is_proof=self.counts)
            return
        linked = yield from self._links(lanes, first)
        if self.doubt is None:
            yield from self._behind(first, linked=linked)
        self.ended_by_place = self.doubt is None

    def _is_whole(self, first: P) -> bool:
        """See that the last record is still at its place, and nothing behind it: then nothing has moved past us."""
        if first.envelope.next_link or self._is_full(first):
            return False
        place = first.rows - 1 or 1  # the place of a single record would look the same to who ignores $skip
        try:
            page = self.asker.behind(place)
        except RequestRejectedError:
            return False
        is_there = page.rows == 0 or page.first_key == first.last_key
        return page.rows == first.rows - place and is_there

    def _links(self, lanes: Lanes, page: P) -> Generator[P, None, bool]:
        """Follow next links, the next page fetched while one is decoded; True when they led to an end."""
        begun: tuple[str, Future[Response]] | None = None
        empty, linked = 0, False
        while link := page.envelope.next_link:
            empty = 0 if page.rows else empty + 1
            if empty > MAX_EMPTY_LINKS:
                self.doubt = "it sends empty pages with a next link, again and again"
                return False
            address = place_below(self._question.base_url, link, self._question.path)
            if address is None:
                return False
            if begun is None or begun[0] != address:
                begun = address, lanes.begin(self.asker.start, address)
            response = begun[1].result()
            begun = self._begun(lanes, response)
            page, linked = self.asker.decode(response), True
            if self.tally.has_seen(page):
                raise self.asker.loop("a next link gave a page that was read already")
            if page.rows:
                yield self._accepted(page)
        return linked

    def _begun(self, lanes: Lanes, response: Response) -> tuple[str, Future[Response]] | None:
        """Begin to fetch what seems to be the page after this answer's."""
        link = peek_link(response.body)
        address = place_below(self._question.base_url, link, self._question.path) if link else None
        return (address, lanes.begin(self.asker.start, address)) if address else None

    def _behind(self, before: P, *, linked: bool) -> Iterator[P]:
        """Ask for what comes behind all records read, until nothing does."""
        while True:
            try:
                page = self.asker.behind(self.tally.rows)
            except RequestRejectedError:
                if self._is_full(before) and not linked:
                    raise
                self.doubt = None if linked else "it refuses $skip, so that the end could not be checked"
                return
            if page.rows == 0:
                return
            if self.tally.has_seen(page):
                self._repeats(page, linked=linked)
                return
            yield self._accepted(page)
            before = page

    def _repeats(self, page: P, *, linked: bool) -> None:
        """Judge a service that answers `$skip` with a page that was read already."""
        if linked:
            return  # the standard's end of next links, which could not be checked
        if self._is_full(page):
            raise self.asker.loop("every question gives the same full page")
        self.doubt = "it gives the same records whatever page is asked for"


def _rest(span: Span, page: P) -> Span | None:
    """What is left of a range after a page of it."""
    if page.rows and not span.holds(page):
        raise _NotByKeyError
    return span.rest(page)
