"""Asks the questions of one walk: counts them, adopts page limits, knows what was asked. Not here: which come."""

from collections.abc import Callable
from dataclasses import replace
from typing import Generic, TypeVar

from exepron_pipeline.errors import PageLoopError, RequestRejectedError
from exepron_pipeline.odata.page import Page
from exepron_pipeline.odata.query import Query
from exepron_pipeline.odata.question import Question, page_limit

MAX_REQUESTS = 100_000  # for one walk: a service that never ends has to be stopped somewhere

P = TypeVar("P", bound=Page)


class Asker(Generic[P]):
    """Asks below one path.

    Args:
        question: What is read.
        ask: Gives the decoded answer of an address below the base; its errors pass through.

    """

    def __init__(self, question: Question, ask: Callable[[str], P]) -> None:
        self.size = question.size
        """Records a page, as far as the service allows: it may have been lowered."""
        self.limit: int | None = None
        """The largest page, when the service told it."""
        self.requests = 0
        self._question = question
        self._ask = ask
        self._asked: set[str] = set()

    def page(self, *, filter_: str | None = None, skip: int | None = None) -> P:
        """Ask for a page: from the first record on, or under another condition, or ``skip`` records later."""
        query = self._question.page(self.size)
        return self.one(replace(query, filter=filter_ or query.filter, skip=skip))

    def one(self, query: Query) -> P:
        """Ask; when the service names its page limit, adopt it and ask again."""
        while True:
            try:
                return self._get(query.at(self._question.path, self._question.dialect))
            except RequestRejectedError as error:
                limit = page_limit(error)
                if limit is None or query.top is None or not 0 < limit < query.top:
                    raise
                self.size = self.limit = limit
                query = replace(query, top=limit)

    def follow(self, address: str) -> P:
        """Ask for the address of a next link; PageLoopError when it has been asked before."""
        if address in self._asked:
            raise self.loop("a next link leads to a page that was read already")
        return self._get(address)

    def loop(self, why: str) -> PageLoopError:
        """The error that stops the walk, to be raised."""
        text = f"Reading {self._question.path} would never end: {why}."
        return PageLoopError(text, hint="Nothing was stored; try again, then report it to the service.")

    def _get(self, address: str) -> P:
        if self.requests >= MAX_REQUESTS:
            raise self.loop(f"{MAX_REQUESTS} requests did not reach the end")
        self.requests += 1
        self._asked.add(address)
        return self._ask(address)
