"""Asks the questions of one walk: counts them, adopts page limits, knows what was asked. Not here: which come."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Generic, TypeVar

from exepron_pipeline.errors import PageLoopError, RequestRejectedError
from exepron_pipeline.http.transport import Response
from exepron_pipeline.odata.page import Page
from exepron_pipeline.odata.query import Query, both
from exepron_pipeline.odata.question import Question, page_limit
from exepron_pipeline.odata.spans import Key, Span

MAX_REQUESTS = 100_000  # for one walk: a service that never ends has to be stopped somewhere

P = TypeVar("P", bound=Page)


class Asker(Generic[P]):
    """Asks below one path; safe to share between threads.

    Args:
        question: What is read.
        fetch: Gives the answer of an address below the base; its errors pass through.
        decode: Turns an answer into a page; its errors pass through.

    """

    def __init__(
        self, question: Question, fetch: Callable[[str], Response], decode: Callable[[Response], P]
    ) -> None:
        self.size = question.size
        """Records a page, as far as the service allows: it may have been lowered."""
        self.limit: int | None = None
        """The largest page, when the service told it."""
        self.largest = 0
        """Bytes of the largest answer so far."""
        self.requests = 0
        self.decode = decode
        self._question = question
        self._fetch = fetch
        self._asked: set[str] = set()
        self._lock = threading.Lock()

    def first(self) -> P:
        """Ask for the first page, with the count."""
        return self._one(self._question.page(self.size))

    def within(self, span: Span) -> P:
        """Ask for the first page of a range of keys."""
        query = replace(self._question.page(self.size), count=False)
        return self._one(self._narrowed(query, span))

    def behind(self, records: int) -> P:
        """Ask for the page that comes after so many records."""
        return self._one(replace(self._question.page(self.size), skip=records))

    def key_at(self, position: int) -> Key | None:
        """Ask which key stands at a position, counted from 0; None where there is none, or no answer."""
        query = replace(self._question.page(1), skip=position, count=False)
        try:
            return self._one(query).first_key
        except RequestRejectedError:
            return None

    def last(self) -> P | None:
        """Ask for the record that is first in the reverse order, with the count; None when that is refused."""
        orderby = tuple(f"{part.wire} desc" for part in self._question.key)
        try:
            return self._one(replace(self._question.page(1), orderby=orderby))
        except RequestRejectedError:
            return None

    def count(self, span: Span) -> int | None:
        """Ask how many records there are in a range of keys; None when the service does not say."""
        try:
            return self._one(self._narrowed(self._question.page(1), span)).envelope.count
        except RequestRejectedError:
            return None

    def start(self, address: str) -> Response:
        """Fetch a next link's answer, not yet decoded; PageLoopError when it has been asked for before."""
        if address in self._asked:
            raise self.loop("a next link leads to a page that was read already")
        return self._get(address)

    def loop(self, why: str) -> PageLoopError:
        """The error that stops the walk, to be raised."""
        text = f"Reading {self._question.path} would never end: {why}."
        return PageLoopError(text, hint="Nothing was stored; try again, then report it to the service.")

    def _narrowed(self, query: Query, span: Span) -> Query:
        condition = span.condition(self._question.key, self._question.dialect)
        return replace(query, filter=both(query.filter, condition)) if condition else query

    def _one(self, query: Query) -> P:
        """Ask; when the service names its page limit, adopt it and ask again."""
        while True:
            try:
                return self.decode(self._get(query.at(self._question.path, self._question.dialect)))
            except RequestRejectedError as error:
                limit = page_limit(error)
                if limit is None or query.top is None or not 0 < limit < query.top:
                    raise
                self.size = self.limit = limit
                query = replace(query, top=limit)

    def _get(self, address: str) -> Response:
        with self._lock:
            if self.requests >= MAX_REQUESTS:
                raise self.loop(f"{MAX_REQUESTS} requests did not reach the end")
            self.requests += 1
            self._asked.add(address)
        response = self._fetch(address)
        with self._lock:
            self.largest = max(self.largest, len(response.body))
        return response
