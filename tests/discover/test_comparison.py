"""The comparison of description and catalogue is remembered for a day, and asked for only where there is a description."""

from datetime import UTC, datetime, timedelta

from exepron_pipeline.extract.profile import Profile


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = datetime(2026, 6, 1, tzinfo=UTC)

    def __call__(self):
        """Tell the time."""
        return self.now


def test_a_comparison_is_good_for_a_day_and_a_catalogue(tmp_path):
    """It is remembered from run to run, for the catalogue it was made with, and made again after a day."""
    clock = Clock()
    profile = Profile(tmp_path, "service", clock=clock)
    assert (profile.is_described, profile.comparison("one")) == (False, None)
    profile.keep_comparison("one", ["things: x is gone"])
    profile.save()
    again = Profile(tmp_path, "service", clock=clock)
    assert again.is_described
    assert again.comparison("one") == ["things: x is gone"]
    assert again.comparison("other") is None
    clock.now += timedelta(days=1)
    assert again.comparison("one") is None
    assert again.is_described
