"""Throttle: how many requests at once, a second, a day.

Here: waiting for one's turn before asking. Not here: waiting after a failure (``retry.py``). One throttle
serves all parts of a run.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType

from exepron_pipeline.errors import PermanentError
from exepron_pipeline.http.window import Window

LONGEST_HOLD = 300.0


class Throttle:
    """``with throttle:`` waits until a request may be sent; safe to share between threads.

    Args:
        rate: Most requests in any second; below 1 for one request in several seconds; 0 for no limit.
        concurrency: Most requests in flight; fewer while the service strains.
        daily: Most requests in all, or None.
        used: How many of ``daily`` were spent before, by earlier runs of the same day.
        clock: Seconds of a clock that never goes back.
        sleep: Waits that many seconds.

    """

    def __init__(
        self,
        rate: float,
        concurrency: int,
        daily: int | None = None,
        *,
        used: int = 0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.waited = 0.0
        """Seconds that requests have waited here, all together."""
        self.window = Window(concurrency, clock)
        """How many requests may be in flight now; tell it how they fare."""
        self._lock = threading.Lock()
        self._daily, self._used = daily, used
        self._clock, self._sleep = clock, sleep
        self._not_before = 0.0
        self._starts: deque[float] = deque()
        self._pace(rate)

    def slow(self, rate: float) -> None:
        """Send from now on at most so many requests a second, evenly; a lower rate stays."""
        with self._lock:
            if not self._rate or rate < self._rate:
                self._pace(rate, 1)

    def _pace(self, rate: float, most: int | None = None) -> None:
        self._rate, burst = rate, most or max(1, int(rate))
        self._window = burst / rate if rate else 0.0
        self._starts = deque(self._starts, maxlen=burst)

    def hold(self, seconds: float) -> None:
        """Let nobody ask for that many seconds: the service told one of us to wait.

        Longer than `LONGEST_HOLD` is ignored: then each request learns it by itself, and fails.
        """
        if seconds <= LONGEST_HOLD:
            with self._lock:
                self._not_before = max(self._not_before, self._clock() + seconds)

    def __enter__(self) -> None:
        began = self._clock()
        self.window.enter()
        try:
            wait = self._turn() - self._clock()
            if wait > 0:
                self._sleep(wait)
        except BaseException:
            self.window.leave()
            raise
        with self._lock:
            self.waited += self._clock() - began

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.window.leave()

    def _turn(self) -> float:
        """Reserve the next start: with it, no second holds more than the rate."""
        with self._lock:
            if self._daily is not None and self._used >= self._daily:
                hint = "Go on tomorrow, or raise EXEPRON_DAILY_REQUESTS."
                raise PermanentError(f"The {self._daily} requests of this day are used up.", hint=hint)
            self._used += 1
            start = max(self._clock(), self._not_before)
            if self._window and len(self._starts) == self._starts.maxlen:
                start = max(start, self._starts[0] + self._window)
            self._starts.append(start)
            return start
