"""Reading ahead: the next entity sets are read while one is landed. Here: threads and turns. Not here: what a read is.

Reads begin in the order in which they will be wanted, a few at once, and only a few wait to be taken; how many
requests are in flight is the throttle's business, as ever. What goes wrong in a read is raised where it is taken.
"""

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeAlias

from exepron_pipeline.errors import NetworkError
from exepron_pipeline.extract.result import ReadResult

READERS = 2
"""Entity sets that are read at once."""
WAITING = 6
"""Reads that are under way or wait, at most: their pages lie in the spool."""

_NAME = "ahead"

Reading: TypeAlias = Callable[[], AbstractContextManager[ReadResult]]
Early: TypeAlias = Future[tuple[ExitStack, ReadResult]]


class PostponedError(Exception):
    """A read needs what is landed before its turn: it is to be begun again then."""


class Ahead:
    """The reads of a run that began before their turn; mostly there are none."""

    def __init__(self) -> None:
        self._coming: deque[tuple[Hashable, Reading]] = deque()
        self._begun: dict[Hashable, Early] = {}
        self._over = threading.Event()
        self._pool: ThreadPoolExecutor | None = None

    @contextmanager
    def of(self, reads: Iterable[tuple[Hashable, Reading]]) -> Iterator[None]:
        """Read ahead for the time of the block; what was read and not taken then is dropped.

        Args:
            reads: What will be taken, in this order, each under its own name.

        """
        self._coming.extend(reads)
        with ThreadPoolExecutor(READERS, thread_name_prefix=_NAME) as self._pool:
            self._begin()
            try:
                yield
            finally:
                self._end()

    def take(self, name: Hashable) -> Early | None:
        """The read of that name, under way or done, when it has begun; its pages are there until its stack is closed."""
        found = self._begun.pop(name, None)
        if found is None:
            self._coming = deque(item for item in self._coming if item[0] != name)
        self._begin()
        return found

    @property
    def is_next_done(self) -> bool:
        """True when the next read is there already: who has the warehouse open may keep it."""
        early = next(iter(self._begun.values()), None)
        return early is not None and early.done()

    @property
    def is_all_taken(self) -> bool:
        """True when the last of several reads was taken: what comes then looks into the warehouse at once."""
        return self._pool is not None and not self._begun and not self._coming

    @property
    def is_here(self) -> bool:
        """True in the threads that read ahead."""
        return threading.current_thread().name.startswith(_NAME)

    def check(self) -> None:
        """Stop a read whose run is over; the pages that came are kept as those of any interrupted read.

        Raises:
            NetworkError: It is over.

        """
        if self._over.is_set() and self.is_here:
            raise NetworkError("The run was ended while this was read.")

    def _begin(self) -> None:
        while self._pool and self._coming and len(self._begun) < WAITING:
            name, reading = self._coming.popleft()
            self._begun[name] = self._pool.submit(_read, reading)

    def _end(self) -> None:
        self._over.set()
        self._coming.clear()
        for early in self._begun.values():
            if not early.cancel() and early.exception() is None:
                early.result()[0].close()
        self._begun.clear()
        self._pool = None


def _read(reading: Reading) -> tuple[ExitStack, ReadResult]:
    with ExitStack() as stack:
        pages = stack.enter_context(reading())
        return stack.pop_all(), pages
