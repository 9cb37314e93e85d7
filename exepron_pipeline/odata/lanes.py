"""Lanes: asks several questions at once, and hands over each answer as it comes.

Here: threads. Not here: what is asked. As many answers are on their way or waiting as there are lanes, or as the
caller says, so memory is bounded; a part that fails for a passing reason is asked again, and no other with it.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self, TypeVar

from exepron_pipeline.errors import TransientError

PART_ATTEMPTS = 2
"""So often is one page of one part asked for, each time with all attempts of a single question."""

A = TypeVar("A")
Q = TypeVar("Q")


class Lanes:
    """A few threads for the time of one read; use it in a ``with`` block.

    Args:
        width: Questions under way together.

    """

    def __init__(self, width: int) -> None:
        self.width = max(1, width)
        self._pool = ThreadPoolExecutor(self.width, thread_name_prefix="read")

    def begin(self, ask: Callable[[Q], A], asked: Q) -> Future[A]:
        """Begin to ask one question."""
        return self._pool.submit(ask, asked)

    def answers(self, ask: Callable[[Q], A], asked: Iterable[Q]) -> list[A]:
        """Ask questions together; give the answers in the order of the questions."""
        return list(self._pool.map(ask, asked))

    def pages(
        self,
        ask: Callable[[Q], A],
        rest: Callable[[Q, A], Q | None],
        parts: Sequence[Q],
        most: Callable[[], int] | None = None,
    ) -> Iterator[A]:
        """Read parts to their ends, side by side; give every answer, in any order.

        Args:
            ask: Gives the first page of a part.
            rest: What is left of a part after a page; None at its end.
            parts: What to read.
            most: Gives how many answers may be under way or wait just now, one at least; None: as many as there are
                lanes.

        Raises:
            TransientError: One page failed `PART_ATTEMPTS` times. Other errors are raised at once.

        """
        waiting, failed = deque(parts), Counter[Q]()
        running: dict[Future[A], Q] = {}
        while waiting or running:
            self._fill(running, waiting, ask, most)
            # One at a time: what is handed over is no longer counted, and its place is taken before that.
            future = next(iter(wait(running, return_when=FIRST_COMPLETED).done))
            part = running.pop(future)
            if _is_to_be_asked_again(future, failed, part):
                waiting.append(part)
                continue
            answer = future.result()
            left = rest(part, answer)
            if left is not None:
                waiting.append(left)
                self._fill(running, waiting, ask, most)
            yield answer

    def _fill(
        self,
        running: dict[Future[A], Q],
        waiting: deque[Q],
        ask: Callable[[Q], A],
        most: Callable[[], int] | None,
    ) -> None:
        while waiting and len(running) < min(self.width, most() if most else self.width):
            part = waiting.popleft()
            running[self.begin(ask, part)] = part

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def _is_to_be_asked_again(future: "Future[A]", failed: "Counter[Q]", part: Q) -> bool:
    error = future.exception()
    if not isinstance(error, TransientError) or getattr(error, "retry_after", None):
        return False  # who names a time was waited for already, as long as we wait at all
    failed[part] += 1
    return failed[part] < PART_ATTEMPTS
