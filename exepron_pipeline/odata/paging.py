"""All pages of one question, whatever the service does or fails to do. Not here: decoding, spooling.

The rule. A next link is followed. Otherwise the next page is asked for by key (``key gt last``), which
survives insertions and deletions during the read. A page that is not full does not mean the end, since a
service may cap pages below ``$top`` without a word: the end is an empty answer to ``$skip`` of all
records read, which holds even where ``$orderby`` is ignored. Where keys are refused, ignored or
unordered, ``$skip`` alone goes on, and proves nothing unless a count agrees.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Generic

from exepron_pipeline.errors import RequestRejectedError
from exepron_pipeline.events import Evidence
from exepron_pipeline.odata.asker import Asker, P
from exepron_pipeline.odata.links import place_below
from exepron_pipeline.odata.query import after, both
from exepron_pipeline.odata.question import Question
from exepron_pipeline.odata.tally import Tally, is_after

MAX_EMPTY_LINKS = 3  # empty pages in a row whose link is still followed
PAGE_AND_END = 2  # pages of a walk that needed no second page with records


class Walk(Generic[P]):
    """Reads all pages of a question: iterate once, then look at the attributes.

    A page that is yielded is always the one asked for last. Records may come twice over pages; they are
    missing only where ``evidence`` is ``none``.

    Args:
        question: What to read.
        ask: Gives the decoded answer of an address below the base; its errors pass through.

    """

    def __init__(self, question: Question, ask: Callable[[str], P]) -> None:
        self.tally = Tally()
        self.asker = Asker(question, ask)
        self.last_count: int | None = None
        """The service's number of matching records at the end of the walk."""
        self.key_refused = False
        """True when the service refused a condition on the key."""
        self.doubt: str | None = None
        """What the service did that leaves the end unproven."""
        self._question = question
        self._keyset = question.keyset and question.ordered and bool(question.key)
        self._offset: int | None = None
        self._by_key = False
        self._skips = True
        self._exhausted = False
        self._empty_links = 0
        self._empty_by_key = 0

    @property
    def evidence(self) -> Evidence:
        """What proves that every record was read, once the iteration has ended."""
        proof = self._question.dialect.count_is_proof
        return self.tally.evidence(self.last_count, exhausted=self._exhausted, count_is_proof=proof)

    def __iter__(self) -> Iterator[P]:
        """Yield the pages as they come.

        Raises:
            PageLoopError: Pages or links repeat.
            RequestRejectedError: The service refuses the question itself.

        """
        page: P | None = self.asker.page()
        while page is not None:
            self._accept(page)
            yield page
            page = self._next(page)

    # -- one step ------------------------------------------------------------------------------------

    def _accept(self, page: P) -> None:
        self.tally.accept(page)
        self.last_count = None if self._by_key else page.envelope.count
        if self._offset is not None:
            self._offset += page.rows

    def _next(self, page: P) -> P | None:
        """Ask for the page after an accepted one; None at the end."""
        address = self._linked(page)
        if address is not None:
            return self._follow(address)
        if self._counted_all(page):
            self.last_count = self.tally.count
            return None
        if page.rows == 0 and (self._offset is not None or self.tally.rows == 0):
            # With one page of records no deletion can have moved others past us.
            self._exhausted = self.doubt is None and self.tally.pages <= PAGE_AND_END
            return None
        if self._offset is not None:
            return self._by_skip(page)
        if not (self._keyset and self.tally.ascending and self.tally.last_key is not None):
            return self._turn_to_skip(page)
        return self._after_last_key(page) if self._is_full(page) else self._check(page)

    def _is_full(self, page: P) -> bool:
        return self._question.sized and page.rows == self.asker.size

    def _counted_all(self, page: P) -> bool:
        """True when the service's count says, at the beginning and now, that nothing is left."""
        if not self._question.dialect.count_is_proof or not self.tally.ascending:
            return False
        expected = page.rows if self._by_key else self.tally.rows
        return self.tally.count == self.tally.rows and page.envelope.count == expected

    # -- next links ----------------------------------------------------------------------------------

    def _linked(self, page: P) -> str | None:
        self._empty_links = 0 if page.rows else self._empty_links + 1
        link = page.envelope.next_link
        if not link:
            return None
        if self._empty_links > MAX_EMPTY_LINKS:
            self.doubt = "it sends empty pages with a next link, again and again"
            return None
        return place_below(self._question.base_url, link, self._question.path)

    def _follow(self, address: str) -> P:
        page = self.asker.follow(address)
        if self.tally.has_seen(page):
            raise self.asker.loop("a next link gave a page that was read already")
        return page

    # -- by key --------------------------------------------------------------------------------------

    def _after_last_key(self, before: P) -> P | None:
        """Ask for what comes after the last key; turn to ``$skip`` when the answer does not."""
        question, last = self._question, self.tally.last_key or ()
        condition = after(question.key, last, question.dialect)
        try:
            page = self.asker.page(filter_=both(question.query.filter, condition))
        except RequestRejectedError:
            self.key_refused = True
            return self._turn_to_skip(before)
        if page.rows == 0:
            self._empty_by_key += 1
            return self._check(page)
        if not is_after(page.first_key, last):
            return self._turn_to_skip(before)
        self._by_key, self._empty_by_key = True, 0
        return page

    def _check(self, page: P) -> P | None:
        """Make sure that nothing is left, whatever the order; go on by key when there is more."""
        if not self._skips:
            return self._unproven(page)
        try:
            rest = self.asker.one(replace(self._question.page(1), skip=self.tally.rows))
        except RequestRejectedError:
            return self._unproven(page)
        self.last_count = rest.envelope.count
        if rest.rows == 0:
            self._exhausted = True
            return None
        if rest.first_key == self.tally.first_key:
            return self._unproven(page)
        if is_after(rest.first_key, self.tally.last_key) and self._empty_by_key <= 1:
            self.asker.size = self.tally.largest
            return self._after_last_key(page)
        return self._turn_to_skip(page)

    def _unproven(self, page: P) -> P | None:
        """Go on by key where ``$skip`` does not work: the end cannot be proven then."""
        self._skips = False
        self.doubt = "it ignores or refuses $skip, so that the end could not be checked"
        return self._after_last_key(page) if self._empty_by_key == 0 else None

    # -- by $skip ------------------------------------------------------------------------------------

    def _turn_to_skip(self, page: P) -> P | None:
        """Go on by ``$skip`` alone: behind the pages read if they are the first ones, else from the start."""
        self._keyset = False
        if self._by_key:
            self._by_key = False
            self.tally.start_over()
        self._offset = self.tally.rows
        return self._by_skip(page)

    def _by_skip(self, before: P) -> P | None:
        try:
            page = self.asker.page(skip=self._offset)
        except RequestRejectedError:
            if self._is_full(before):
                raise
            self.doubt = "it refuses $skip"
            return None
        if not self.tally.has_seen(page):
            return page
        if self._is_full(page):
            raise self.asker.loop("every question gives the same full page")
        self.doubt = "it gives the same records whatever page is asked for"
        return None
