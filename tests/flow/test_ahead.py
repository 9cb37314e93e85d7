"""Reading ahead: what is read before its turn lands as it would have in its turn."""

import threading
from contextlib import contextmanager

import pytest

from exepron_pipeline.ahead import WAITING, Ahead
from exepron_pipeline.errors import NetworkError


class Reads:
    """Reads that tell when they begin and when what they hold is dropped."""

    def __init__(self):
        self.begun, self.dropped = [], []

    def of(self, number):
        """One of them; its pages are its number."""

        @contextmanager
        def reading():
            self.begun.append(number)
            try:
                yield number
            finally:
                self.dropped.append(number)

        return number, reading


@pytest.fixture
def reads():
    """Reads of this test."""
    return Reads()


def test_reads_are_taken_by_name_and_few_are_ahead(reads):
    """No more begin than may wait, each taken one makes room, and its pages stay until its stack is closed."""
    ahead = Ahead()
    with ahead.of(map(reads.of, range(WAITING + 3))):
        for number in range(WAITING + 3):
            stack, pages = ahead.take(number).result()
            assert pages == number
            assert len(reads.begun) <= number + 1 + WAITING
            assert number not in reads.dropped
            stack.close()
    assert sorted(reads.dropped) == list(range(WAITING + 3))


def test_what_nobody_takes_is_dropped(reads):
    """An error that ends the run leaves no read behind."""
    ahead = Ahead()

    def broken():
        with ahead.of(map(reads.of, range(3))):
            ahead.take(0).result()[0].close()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert sorted(reads.dropped) == sorted(reads.begun)


def test_an_error_is_raised_where_the_read_is_taken():
    """One read that fails stops neither the others nor the run."""

    @contextmanager
    def failing():
        raise NetworkError("lost")
        yield

    ahead = Ahead()
    with ahead.of([("a", failing), Reads().of("b")]):
        with pytest.raises(NetworkError):
            ahead.take("a").result()
        ahead.take("b").result()[0].close()


def test_a_read_under_way_stops_when_the_run_is_over():
    """Whoever interrupts a run does not wait for whole entity sets that are being read ahead."""
    ahead, waits, told = Ahead(), threading.Event(), []

    @contextmanager
    def endless():
        try:
            while True:
                waits.set()
                ahead.check()
        except NetworkError as error:
            told.append(error)
            raise
        yield

    def interrupted():
        with ahead.of([("a", endless)]):
            waits.wait(10)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(told) == 1
