"""A limit for work that waits for somebody else. Here: giving up in time. Not here: the work."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from exepron_pipeline.errors import TransientError

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """Do the work in a thread of its own, and give it up when it takes too long.

    What was given up ends by itself: every request has a time-out, every retry a limit. A thread, since
    name look-ups, proxies and retries each may wait longer than any single time-out.

    Args:
        seconds: How long the caller can wait.
        work: Must be safe to leave running.

    Raises:
        TransientError: It took longer; or whatever the work raises.

    """
    answer: Future[T] = Future()
    threading.Thread(target=_do, args=(work, answer), name="within", daemon=True).start()
    try:
        return answer.result(timeout=seconds)
    except TimeoutError:
        if answer.done():
            raise  # the work's own
        hint = "`exepron doctor` tells which part of it is slow."
        raise TransientError(f"There was no answer within {seconds:g} s.", hint=hint) from None


def _do(work: Callable[[], T], answer: Future[T]) -> None:
    try:
        answer.set_result(work())
    except BaseException as error:  # noqa: BLE001 # it is raised where the answer is waited for
        answer.set_exception(error)
