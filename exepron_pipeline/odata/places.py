"""Pages by their places: next links, and `$skip` behind them, one after the other. Not here: by key (``paging.py``).

Places shift when records come and go, so several pages read by place prove nothing by themselves.
"""

from collections.abc import Generator, Iterator
from concurrent.futures import Future
from typing import Generic

from exepron_pipeline.errors import RequestRejectedError
from exepron_pipeline.http.transport import Response
from exepron_pipeline.odata.ahead import peek_link
from exepron_pipeline.odata.asker import Asker, P
from exepron_pipeline.odata.lanes import Lanes
from exepron_pipeline.odata.links import place_below
from exepron_pipeline.odata.question import Question
from exepron_pipeline.odata.tally import Tally

MAX_EMPTY_LINKS = 3  # empty pages in a row whose link is still followed


class Places(Generic[P]):
    """Reads the pages of a question that come after its first one, by place.

    Args:
        question: What to read.
        asker: Whom to ask.
        tally: Holds the first page; the others are added.

    """

    def __init__(self, question: Question, asker: Asker[P], tally: Tally) -> None:
        self.doubt: str | None = None
        """What the service did that leaves the end unproven."""
        self._question, self._asker, self._tally = question, asker, tally

    def pages(self, lanes: Lanes, first: P) -> Iterator[P]:
        """Yield what comes after the first page.

        Raises:
            PageLoopError: Pages or links repeat.
            RequestRejectedError: The service refuses `$skip`, and there must be more.

        """
        linked = yield from self._links(lanes, first)
        if self.doubt is None:
            yield from self._behind(first, linked=linked)

    def is_whole(self, first: P) -> bool:
        """See that the last record is still at its place, and nothing behind it: then nothing has moved past us."""
        if first.envelope.next_link or self._is_full(first):
            return False
        place = first.rows - 1 or 1  # the place of a single record would look the same to who ignores $skip
        try:
            page = self._asker.behind(place)
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
                begun = address, lanes.begin(self._asker.start, address)
            response = begun[1].result()
            begun = self._begun(lanes, response)
            page, linked = self._asker.decode(response), True
            if self._tally.has_seen(page):
                raise self._asker.loop("a next link gave a page that was read already")
            if page.rows:
                yield self._accepted(page)
        return linked

    def _begun(self, lanes: Lanes, response: Response) -> tuple[str, Future[Response]] | None:
        """Begin to fetch what seems to be the page after this answer's."""
        link = peek_link(response.body)
        address = place_below(self._question.base_url, link, self._question.path) if link else None
        return (address, lanes.begin(self._asker.start, address)) if address else None

    def _behind(self, before: P, *, linked: bool) -> Iterator[P]:
        """Ask for what comes behind all records read, until nothing does."""
        while True:
            try:
                page = self._asker.behind(self._tally.rows)
            except RequestRejectedError:
                if self._is_full(before) and not linked:
                    raise
                self.doubt = None if linked else "it refuses $skip, so that the end could not be checked"
                return
            if page.rows == 0:
                return
            if self._tally.has_seen(page):
                self._repeats(page, linked=linked)
                return
            yield self._accepted(page)
            before = page

    def _repeats(self, page: P, *, linked: bool) -> None:
        """Judge a service that answers `$skip` with a page that was read already."""
        if linked:
            return  # the standard's end of next links, which could not be checked
        if self._is_full(page):
            raise self._asker.loop("every question gives the same full page")
        self.doubt = "it gives the same records whatever page is asked for"

    def _accepted(self, page: P) -> P:
        self._tally.accept(page)
        return page

    def _is_full(self, page: P) -> bool:
        return self._question.sized and page.rows == self._asker.size
