"""How many requests are under way: fewer when the service strains, more again little by little."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.http.window import Window


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _window(most: int = 8) -> tuple[Window, _Clock]:
    clock = _Clock()
    return Window(most, clock), clock


def test_a_refusal_halves_and_answers_add():
    """429 and 503 halve the number in flight; a round of good answers adds one again."""
    window, clock = _window()
    window.judge(0.1, 0, refused=True)
    assert window.allowed == 4
    clock.now += 1
    for _ in range(4):
        window.judge(0.1, 500, refused=False)
    assert 4.8 < window.allowed < 5


def test_one_burst_of_refusals_counts_once():
    """What was under way before the number was halved does not halve it again."""
    window, clock = _window()
    for _ in range(8):
        window.judge(0.5, 0, refused=True)
    assert window.allowed == 4
    clock.now += 1
    window.judge(0.5, 0, refused=True)
    assert window.allowed == 2


def test_answers_that_become_slow_narrow():
    """A service that takes four times as long for a like answer is asked less at once."""
    window, clock = _window()
    window.judge(0.5, 1000, refused=False)
    clock.now += 10
    window.judge(1.9, 1000, refused=False)
    assert window.allowed == 8
    window.judge(2.1, 1000, refused=False)
    assert window.allowed == 4


def test_large_answers_are_not_slow():
    """Only answers of like size are compared, and nothing within a second is slow."""
    window, _ = _window()
    window.judge(0.01, 100, refused=False)
    window.judge(9.0, 1_000_000, refused=False)
    window.judge(0.9, 100, refused=False)
    assert window.allowed == 8


@given(
    st.lists(st.tuples(st.floats(0, 20), st.integers(0, 10**6), st.booleans()), max_size=60),
    st.integers(1, 9),
)
def test_the_number_stays_between_one_and_the_most(fates, most):
    """Whatever happens, one request may be sent, and never more than were allowed."""
    window, clock = _window(most)
    for seconds, size, refused in fates:
        clock.now += 0.5
        window.judge(seconds, size, refused=refused)
        assert 1 <= window.allowed <= most


def test_a_narrowed_window_lets_fewer_in():
    """After refusals as many requests wait as may not be sent; none is forgotten."""
    window, _ = _window(4)
    window.judge(0.1, 0, refused=True)
    done, gate = [], threading.Event()

    def work() -> None:
        window.enter()
        done.append(1)
        gate.wait(10)
        window.leave()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    threads[0].join(0.1)
    assert len(done) == 2
    gate.set()
    for thread in threads:
        thread.join(10)
    assert len(done) == 6
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("most", [1, 64])
def test_the_most_is_what_was_allowed(most):
    """It begins with all that the user allows."""
    window = Window(most)
    assert (window.most, window.allowed) == (most, most)
