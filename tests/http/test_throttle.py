import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.errors import PermanentError
from exepron_pipeline.http.throttle import Throttle


class _Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def _starts(clock: _Clock, throttle: Throttle, number: int) -> list[float]:
    found = []
    for _ in range(number):
        with throttle:
            found.append(clock.now)
    return found


@given(rate=st.sampled_from([0.2, 1, 2.5, 3, 10]), number=st.integers(1, 40))
def test_no_second_holds_more_than_the_rate(rate, number):
    """In any window of burst/rate seconds there are at most `burst` starts, and no time is wasted."""
    clock = _Clock()
    throttle = Throttle(rate, 1, clock=clock, sleep=clock.sleep)
    found = _starts(clock, throttle, number)
    burst = max(1, int(rate))
    assert all(b - a >= burst / rate - 1e-9 for a, b in zip(found, found[burst:], strict=False))
    assert found[-1] - found[0] <= number / rate
    assert throttle.waited == pytest.approx(found[-1] - 1000)


def test_rate_zero_never_waits():
    """0 means no limit."""
    clock = _Clock()
    assert set(_starts(clock, Throttle(0, 1, clock=clock, sleep=clock.sleep), 50)) == {1000.0}


def test_no_more_than_the_slots_are_in_flight():
    """Concurrency holds over threads, and all of them get their turn."""
    throttle, lock = Throttle(0, 3), threading.Lock()
    inside, most = 0, 0
    gate = threading.Barrier(3, timeout=60)

    def work() -> None:
        nonlocal inside, most
        with throttle:
            with lock:
                inside += 1
                most = max(most, inside)
            gate.wait()
            with lock:
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (inside, most) == (0, 3)


def test_the_daily_limit_ends_the_run():
    """What earlier runs of the day used counts as well; a refused request takes no slot."""
    throttle = Throttle(0, 1, daily=3, used=1)
    for _ in range(2):
        with throttle:
            pass
    for _ in range(2):
        with pytest.raises(PermanentError, match="EXEPRON_DAILY_REQUESTS"), throttle:
            pass


def test_a_wait_that_the_service_asked_of_one_holds_for_all():
    """After a 429 nobody asks before the time is over; an endless wait is left to each request."""
    clock = _Clock()
    throttle = Throttle(0, 4, clock=clock, sleep=clock.sleep)
    throttle.hold(12)
    throttle.hold(9999)
    assert _starts(clock, throttle, 2) == [1012, 1012]


@pytest.mark.parametrize(("first", "holds"), [(0, 5), (10, 5), (2, 2)])
def test_it_can_be_slowed_under_way(first, holds):
    """Slowed to five a second, none holds more, those before included; what was slower stays."""
    clock = _Clock()
    throttle = Throttle(first, 1, clock=clock, sleep=clock.sleep)
    found = _starts(clock, throttle, 2)
    throttle.slow(5)
    found += _starts(clock, throttle, 20)
    assert all(b - a >= 1 - 1e-9 for a, b in zip(found[2:], found[2 + holds :], strict=False))
