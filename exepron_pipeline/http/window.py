"""How many requests may be under way: fewer at once when the service strains, more again little by little.

Additive increase, multiplicative decrease, as TCP does it (RFC 5681). Here: the number in flight. Not here:
how many in a second (``throttle.py``).
"""

import threading
import time
from collections.abc import Callable

SLOW = 1.0
"""Seconds within which no answer is called slow, however fast others were."""
TIMES = 4
"""An answer is slow when one of its size took this part of its time before."""


class Window:
    """Lets a number of requests in, and adjusts the number to how they fare; safe to share between threads.

    Args:
        most: Requests under way, at most and to begin with.
        clock: Seconds of a clock that never goes back.

    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.allowed = float(most)
        self._clock = clock
        self._busy = 0
        self._narrowed = float("-inf")
        self._fastest: dict[int, float] = {}
        self._changed = threading.Condition()

    def enter(self) -> None:
        """Wait until one more request may be sent."""
        with self._changed:
            self._changed.wait_for(lambda: self._busy < int(self.allowed))
            self._busy += 1

    def leave(self) -> None:
        """One request is over."""
        with self._changed:
            self._busy -= 1
            self._changed.notify()

    def judge(self, seconds: float, size: int, *, refused: bool) -> None:
        """Take in how a request fared.

        Args:
            seconds: How long it took. What began before the last narrowing does not narrow again.
            size: Bytes of the answer: only answers of like size are compared.
            refused: True when the service could not serve it at this time.

        """
        now = self._clock()
        with self._changed:
            if not refused and not self._is_slow(seconds, size):
                self.allowed = min(self.most, self.allowed + 1 / self.allowed)
                self._changed.notify()
            elif now - seconds >= self._narrowed:
                self.allowed, self._narrowed = max(1.0, self.allowed / 2), now

    def _is_slow(self, seconds: float, size: int) -> bool:
        fastest = self._fastest.setdefault(size.bit_length(), seconds)
        self._fastest[size.bit_length()] = min(fastest, seconds)
        return seconds > max(SLOW, TIMES * fastest)
