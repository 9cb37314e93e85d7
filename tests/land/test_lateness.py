from datetime import UTC, datetime, timedelta

import pytest

from exepron_pipeline.cli.ladder.lookback import judged
from exepron_pipeline.land.lateness import lateness_sql
from exepron_pipeline.outlook import Late

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_lateness_is_how_far_the_watermark_had_passed(desk, record):
    """Only what first came with a stamp below the watermark in force is late; silent moves and older stamps are not."""

    def land(number, *records):
        load = {"load_id": f"load {number}", "watermark_before": START + number * HOUR if number else None}
        desk.land(list(records), **load)
        [found] = desk.rows(lateness_sql(desk.load().entity_set))
        return found[1:]

    assert land(0, record(1, "a", START - 9 * HOUR), record(2, "b", START)) == (0, None)
    assert land(1, record(1, "moved", START - 9 * HOUR)) == (0, None)
    assert land(2, record(2, "went back", START - HOUR)) == (0, None)
    assert land(3, record(3, "late", START + HOUR), record(4, "in time", START + 3 * HOUR)) == (1, 2.0)
    assert land(9, record(3, "late again", START + 4 * HOUR)) == (2, 5.0)
    assert land(10, record(5, "no stamp", None)) == (2, 5.0)


@pytest.mark.parametrize(
    ("hours", "state", "cure"),
    [
        (None, "ok", ""),
        (3.0, "ok", ""),
        (26.0, "ok", ""),
        (30.2, "note", "Set EXEPRON_LOOKBACK_HOURS=31: "),
        (2000.5, "note", "A permission was widened"),
    ],
)
def test_a_lookback_that_is_too_short_is_told_with_a_value(hours, state, cure):
    """The doctor names the setting and what it should be; stamps of another age have another cause."""
    found = [Late("users", 0, 0.0), *([Late("tasks", 2, hours)] if hours else [])]
    rung = judged(found, 26)
    assert rung.state == state
    assert rung.cure.startswith(cure)
    assert bool(rung.cure) == bool(cure)
    assert rung.exit_code == 0
