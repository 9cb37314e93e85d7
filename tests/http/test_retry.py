from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.errors import (
    NetworkError,
    NotPermittedError,
    PermanentError,
    RateLimitedError,
    ServerUnavailableError,
    TransientError,
)
from exepron_pipeline.http.retry import ATTEMPTS, call_with_retries, retry_after_seconds, seconds_to_wait

NOW = datetime(2026, 10, 21, 7, 28, tzinfo=UTC)


class _Failing:
    """Raises its errors one after the other, then gives 'done'."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_what_passes_is_tried_again():
    """Transient errors are retried until it works, and each wait is told."""
    ask, told = _Failing(NetworkError("cut."), RateLimitedError("slow.", retry_after=7)), []
    assert call_with_retries(ask, listen=told.append) == "done"
    assert ask.calls == 3
    assert [event.entity_set for event in told] == [None, None]
    assert "Trying again in" in told[1].text
    assert "attempt 3 of 6" in told[1].text


def test_it_gives_up_after_six_attempts():
    """The last error is raised, and no further attempt is announced."""
    ask, told = _Failing(*[ServerUnavailableError(f"{n}") for n in range(9)]), []
    with pytest.raises(ServerUnavailableError, match="5"):
        call_with_retries(ask, listen=told.append)
    assert (ask.calls, len(told)) == (ATTEMPTS, ATTEMPTS - 1)


@pytest.mark.parametrize("error", [PermanentError("no"), NotPermittedError("no"), ValueError("no")])
def test_what_stays_is_not_tried_again(error):
    """Retryability is a type."""
    ask = _Failing(error)
    with pytest.raises(type(error)):
        call_with_retries(ask)
    assert ask.calls == 1


def test_nothing_is_written_to_standard_output(capsys):
    """Commands that print JSON print nothing else."""
    call_with_retries(_Failing(NetworkError("cut")))
    assert capsys.readouterr() == ("", "")


@given(asked=st.floats(0, 400), failures=st.integers(1, 8), left=st.floats(-10, 300))
def test_no_wait_is_shorter_than_asked_or_longer_than_allowed(asked, failures, left):
    """A wait is at least what the service asked for and never crosses the deadline."""
    wait = seconds_to_wait(RateLimitedError("slow", retry_after=asked), failures, left)
    if wait is not None:
        assert failures < ATTEMPTS
        assert asked <= wait <= left + 1e-6
    elif failures < ATTEMPTS and left >= 60:
        assert asked > left


def test_waits_grow_and_are_spread():
    """Back-off is exponential with jitter, so that many clients do not come back together."""
    waits = [[seconds_to_wait(TransientError("x"), n, 300) for _ in range(20)] for n in (1, 5)]
    assert max(waits[0]) <= 1
    assert min(waits[1]) >= 8
    assert len(set(waits[0])) > 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("1.5", 1.5),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("9" * 400, None),
        ("Wed, 21 Oct 2026 07:29:30 GMT", 90),
        ("Wed, 21 Oct 2026 07:27:00 GMT", 0),
        ("Wed, 99 Oct 2026 07:27:00 GMT", None),
    ],
)
def test_retry_after_in_every_form(value, seconds):
    """Seconds and HTTP dates are understood, the past is now, and nonsense is ignored."""
    assert retry_after_seconds({"retry-after": value}, NOW) == seconds


def test_a_skewed_clock_does_not_matter():
    """A date is measured against the service's own clock."""
    theirs = NOW + timedelta(hours=3)
    headers = {"retry-after": format_datetime(theirs + timedelta(seconds=30), usegmt=True)}
    assert retry_after_seconds({**headers, "date": format_datetime(theirs, usegmt=True)}, NOW) == 30
