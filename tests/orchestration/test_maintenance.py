"""What the weekly housekeeping takes away, and what it leaves."""

import datetime as dt
import os
import time

import pytest

from exepron_pipeline.orchestration import maintenance

pytestmark = pytest.mark.xdist_group("orchestration")


def test_old_runs_and_pages_go_and_young_ones_stay(run_job, instance, home, connected, monkeypatch):
    """Finished runs beyond the limit lose record, events and logs; raw pages of old loads go too."""
    old = run_job("refresh", "roles")
    (home / "storage" / old.run_id).mkdir(parents=True, exist_ok=True)
    [load] = (each for each in (connected / "state" / "spool").iterdir() if each.name != "unlanded")
    a_week_ago = time.time() - 8 * 86_400
    os.utime(load, (a_week_ago, a_week_ago))
    monkeypatch.setattr(maintenance, "KEEP_RUNS", dt.timedelta())
    monkeypatch.setattr(maintenance, "AT_ONCE", 1)
    second = run_job("refresh", "roles")
    result = run_job("maintenance")
    assert result.success
    assert (result.output_for_node("prune_runs"), result.output_for_node("drop_old_pages")) == (2, 1)
    assert not instance.has_run(old.run_id)
    assert not instance.has_run(second.run_id)
    assert not (home / "storage" / old.run_id).exists()
    assert not load.exists()
    assert instance.has_run(result.run_id), "what is under way stays"
    assert run_job("maintenance").output_for_node("drop_old_pages") == 0
