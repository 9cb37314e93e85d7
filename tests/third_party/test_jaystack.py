"""JayStack's server: OData 4 that answers 500 to every path it does not know, and pages nothing by itself."""

import json
from datetime import date, datetime
from decimal import Decimal

import pytest

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]  # the first run installs the server


def task(row):
    """A record of the server as ``core`` must show it."""
    return {
        "task_id": row["TaskId"],
        "name": row["Name"],
        "big": row["Big"],
        "cost": None if row["Cost"] is None else Decimal(repr(row["Cost"])),
        "rate": row["Rate"],
        "done": row["Done"],
        "due": date.fromisoformat(row["Due"]),
        "modified_at": datetime.fromisoformat(row["ModifiedAt"]),
        "reference": row["Reference"],
    }


def equal(running, server):
    """True when the table holds what the server holds."""
    columns = "COLUMNS(lambda c: NOT starts_with(c, '_'))"
    rows = running.rows(f"SELECT {columns} FROM core.tasks WHERE _deleted_at IS NULL ORDER BY task_id")
    return rows == [task(row) for row in server.ask("store")]


def test_it_is_discovered_and_synced(jaystack, pipeline):
    """It is known by its metadata although it fails at other questions; tables equal its records, changes follow."""
    running = pipeline(jaystack, "odata")
    found = json.loads(running.exepron("discover", "--out", str(running.catalogue), "--json"))
    assert (found["generation"], found["entity_sets"]["tasks"]["cursor"]) == ("odata4", "ModifiedAt")
    report = json.loads(running.exepron("sync", "--json"))["entity_sets"]["tasks"]
    assert (report["inserted"], report["evidence"]) == (61, "count")
    assert equal(running, jaystack)
    jaystack.ask("store", "PATCH", {"TaskId": 4, "Name": "new", "ModifiedAt": "2026-02-01T00:00:00.001Z"})
    report = json.loads(running.exepron("sync", "--json"))["entity_sets"]["tasks"]
    assert (report["mode"], report["updated"], report["inserted"]) == ("incremental", 1, 0)
    assert equal(running, jaystack)
