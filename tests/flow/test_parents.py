"""Records that rows name and that are not there: asked for by key where that is possible, told of otherwise."""

from types import SimpleNamespace

import pytest

from exepron_pipeline.engine import open_engine
from exepron_pipeline.errors import WarehouseBusyError
from exepron_pipeline.events import Notice
from exepron_pipeline.sync import sync_all

BY_KEY = "id%20eq%20"
LATER = "2030-01-01T00:00:00Z"


@pytest.fixture
def things(helper, lab_kit, tmp_path):
    """Sixty things, each naming another one in ``number``; a run of them has landed."""
    with helper("flow", "things").things_served(helper, tmp_path) as served:
        lab = lab_kit.Lab(SimpleNamespace(environment=served.environment), tmp_path / "data")
        lab.sync("things")
        yield SimpleNamespace(service=served.service, life=served.life, lab=lab)


def run(things):
    """Sync; gives the report, what the operator was told, and the questions by key."""
    told = []
    things.service.asked.clear()
    with open_engine(things.lab.load_settings()) as engine:
        engine.listen = lambda event: told.append(event.text) if isinstance(event, Notice) else None
        report = sync_all(engine, ["things"]).entity_sets["things"]
    assert report.requests == len(things.service.asked)
    return report, told, [address for address in things.service.asked if BY_KEY in address]


def test_a_parent_that_came_late_is_brought_in_the_same_run(things):
    """It lands by its key without moving the watermark; what nobody has is warned of, and not asked for by every run."""
    parent = things.life.born(500) | {"number": 0, "changedAt": LATER}

    def appears(service):
        if BY_KEY in service.asked[-1] and parent not in service.records:
            service.records.append(parent)

    things.service.before = appears
    children = [
        things.life.born(501) | {"number": 500},
        things.life.born(502) | {"number": 900},
    ]
    things.service.records += children
    report, told, asked = run(things)
    assert (report.status, report.inserted, report.rows) == ("ok", 3, 63)
    assert len(asked) == 1
    assert things.lab.query("SELECT number, amount FROM core.things WHERE thing_id = 500")[0]["number"] == 0
    assert things.lab.query("SELECT count(*) AS n FROM history.things WHERE thing_id = 500") == [{"n": 1}]
    [marked] = things.lab.query("SELECT watermark_text AS at FROM ops.watermarks")
    assert marked["at"].startswith(children[1]["changedAt"].rstrip("Z"))
    [warned] = told
    assert warned.startswith("1 of 63 rows name in number a record that core.things does not hold")
    modes = things.lab.query("SELECT mode FROM ops.loads ORDER BY finished_at")
    assert [row["mode"] for row in modes] == ["full", "incremental", "by_key"]

    again, told, asked = run(things)
    assert (again.status, asked, told) == ("ok", [], [warned])


def test_where_keys_cannot_be_asked_for_the_run_goes_on(things):
    """A service that refuses conditions on the key costs a few questions, and a warning."""
    things.service.records.append(things.life.born(501) | {"number": 900})
    things.service.filters = frozenset({"changedAt"})
    report, told, asked = run(things)
    assert (report.status, report.inserted) == ("ok", 1)
    assert 0 < len(asked) <= 10
    assert "cannot be asked for by their keys" in told[0]
    assert "name in number a record" in told[1]


def test_a_warehouse_that_is_held_by_another_stops_no_run(things, monkeypatch):
    """What has landed is good: that nobody could look for missing parents is a warning."""

    def held(*_):
        raise WarehouseBusyError("Another process holds the warehouse.")

    monkeypatch.setattr("exepron_pipeline.parents.missing_parents", held)
    report, told, _ = run(things)
    assert report.status == "ok"
    [warned] = told
    assert "could not be seen: Another process holds the warehouse." in warned
