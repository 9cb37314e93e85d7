from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.extract.watermark import EARLIEST, lower_bound

NOON = datetime(2026, 3, 11, 12, 0, 0, 999_999, tzinfo=UTC)
instants = st.datetimes(timezones=st.just(UTC))


def test_nothing_landed_yet_reads_everything() -> None:
    """Without a watermark there is no lower bound."""
    assert lower_bound(None, 26, None) is None


def test_the_lookback_is_read_again() -> None:
    """The bound lies the lookback before the watermark, on a whole second."""
    assert lower_bound(NOON, 26, None) == datetime(2026, 3, 10, 10, 0, tzinfo=UTC)


def test_what_the_user_names_wins() -> None:
    """A named instant is taken without lookback, in UTC."""
    since = datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=1)))
    found = lower_bound(NOON, 26, since)
    assert found == since
    assert found.utcoffset() == timedelta(0)


@given(instants, st.floats(0, 1e6))
def test_the_bound_is_never_after_the_watermark(watermark: datetime, hours: float) -> None:
    """Whatever the watermark and the lookback, the bound exists and is not later."""
    found = lower_bound(watermark, hours, None)
    assert found is not None
    assert EARLIEST <= found <= watermark
