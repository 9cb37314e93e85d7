"""The main job over simulated days: what is landed is the truth, each time."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from exepron_pipeline.catalogue import load_catalogue

OFFERED = [entity_set.name for entity_set in load_catalogue(None).offered]
STAMPED = [entity_set.name for entity_set in load_catalogue(None).offered if entity_set.cursor]
FAR = "TIMESTAMPTZ '9999-01-01'"
LATER = (5,)
"""Days between later refreshes: over a weekend; `test_month.py` has the days one by one."""


@dataclass
class Step:
    """One sync of the story: what it said, what is landed since, and what was true meanwhile."""

    report: Any
    core: dict[str, Any]
    lists: dict[str, Any]
    truth: dict[str, Any]
    true_lists: dict[str, Any]
    known_at: datetime


def take(lab, mode="incremental"):
    """Sync, and note how everything stands."""
    report = lab.sync(mode=mode)
    children = {f"{name}__{child.name}" for name, each in lab.entity_sets.items() for child in each.children}
    true_lists = {
        f"{name}__{child}": rows for name in OFFERED for child, rows in lab.true_lists(name).items()
    }
    [known] = lab.query("SELECT max(finished_at) AS at FROM ops.loads")
    return Step(
        report,
        {name: lab.core(name) for name in OFFERED},
        {name: lab.core(name, "true") for name in children},
        {name: lab.truth(name) for name in OFFERED},
        true_lists,
        known["at"],
    )


@pytest.fixture(scope="module")
def story(lab):
    """First sync, second one, three days later a refresh and a reconcile; then five more days, reconciled at the end."""
    lab.advance(2)
    steps = {"first": take(lab), "again": take(lab)}
    lab.advance(3)
    steps |= {"refreshed": take(lab), "reconciled": take(lab, "reconcile")}
    for number, days in enumerate(LATER):
        lab.advance(days)
        steps[f"later {number}"] = take(lab)
    steps["at the end"] = take(lab, "reconcile")
    return steps


def moved(before, after):
    """Keys of rows that came, changed and went."""
    came = after.keys() - before.keys()
    changed = {key for key in after.keys() & before.keys() if after[key] != before[key]}
    return came, changed, before.keys() - after.keys()


@pytest.mark.parametrize("name", OFFERED)
def test_first_sync_lands_everything(story, name):
    """The first sync lands each entity set whole: row by row and value by value what the service holds."""
    first = story["first"]
    report = first.report.entity_sets[name]
    assert (report.status, report.error) == ("ok", None)
    assert report.inserted == report.fetched == report.rows == len(first.truth[name]) > 0
    assert (report.mode, report.complete, report.quarantined) == ("full", True, 0)
    assert first.core[name] == first.truth[name]


@pytest.mark.parametrize("name", OFFERED)
def test_second_sync_changes_nothing(story, name):
    """A second sync finds nothing to do, with at most three requests an entity set."""
    report = story["again"].report.entity_sets[name]
    assert (report.inserted, report.updated, report.deleted) == (0, 0, 0)
    assert report.unchanged == report.fetched
    assert report.requests <= 3
    assert story["again"].core[name] == story["first"].core[name]


@pytest.mark.parametrize("name", STAMPED)
def test_second_sync_is_incremental(story, name):
    """An entity set with a cursor is asked for little the second time, from its watermark on."""
    first, again = (story[step].report.entity_sets[name] for step in ("first", "again"))
    assert again.mode == "incremental"
    assert again.watermark_before == again.watermark_after == first.watermark_after is not None
    assert again.fetched < first.fetched / 2


@pytest.mark.parametrize("name", OFFERED)
def test_refresh_finds_exactly_what_changed(story, name):
    """A refresh inserts what came, updates what was stamped (without stamps: what changed), and no other."""
    before, after = story["again"], story["refreshed"]
    came, changed, gone = moved(before.truth[name], after.truth[name])
    silent = {
        key for key in changed if name in STAMPED and stamp(before, name, key) == stamp(after, name, key)
    }
    report = after.report.entity_sets[name]
    assert (report.inserted, report.updated, report.deleted) == (len(came), len(changed) - len(silent), 0)
    expected = after.truth[name] | {key: before.truth[name][key] for key in silent}
    assert {key: row for key, row in after.core[name].items() if key not in gone} == expected


def stamp(step, name, key):
    """When a record says that it changed."""
    return step.truth[name][key]["last_modified_on"]


@pytest.mark.parametrize("name", STAMPED)
def test_watermark_is_the_newest_change(story, name):
    """The watermark is the newest stamp of all records that landed, and comes from no clock."""
    for step in ("first", "refreshed"):
        newest = max(row["last_modified_on"] for row in story[step].truth[name].values())
        assert datetime.fromisoformat(story[step].report.entity_sets[name].watermark_after) == newest


def test_the_days_bring_something_to_find(story):
    """The simulated days change, add and delete records, with a cursor and without: the tests above see all of it."""
    kinds = {"came": set(), "changed": set(), "gone": set()}
    for name in OFFERED:
        for before, after in pairwise(step.truth[name] for step in story.values()):
            for kind, keys in zip(kinds, moved(before, after), strict=True):
                kinds[kind] |= {name} if keys else set()
    for names in kinds.values():
        assert names & set(STAMPED)
        assert names - set(STAMPED)


@pytest.mark.parametrize("step", ["reconciled", "at the end"])
@pytest.mark.parametrize("name", OFFERED)
def test_reconcile_makes_it_true(story, step, name):
    """After a reconcile the live rows and their nested lists are the truth, row by row and value by value."""
    found = story[step]
    report = found.report.entity_sets[name]
    assert (report.status, report.mode, report.complete) == ("ok", "reconcile", True)
    assert report.fetched >= len(found.truth[name]) == report.rows
    assert found.core[name] == found.truth[name]
    for child, rows in found.true_lists.items():
        if child.startswith(f"{name}__"):
            assert found.lists[child] == rows


@pytest.mark.parametrize("name", OFFERED)
def test_reconcile_marks_what_is_gone(lab, story, name):
    """Records that are gone stay, with the time at which that was found; nothing else is marked."""
    gone = moved(story["again"].truth[name], story["reconciled"].truth[name])[2]
    assert story["reconciled"].report.entity_sets[name].deleted == len(gone)
    marked = lab.core(name, "_deleted_at IS NOT NULL").keys()
    assert gone - story["at the end"].truth[name].keys() <= marked
    assert not marked & story["at the end"].truth[name].keys()
    ever = set().union(*(step.truth[name] for step in story.values()))
    assert marked | story["at the end"].truth[name].keys() == ever


@pytest.mark.parametrize("name", OFFERED)
def test_history_answers_earlier_states(lab, story, name):
    """As of any earlier load, history says what ``core`` held then."""
    key = lab.entity_sets[name].key
    columns = ", ".join(f'"{column}"' for column in next(iter(story["first"].core[name].values())))
    for step in ("first", "refreshed", "reconciled", "at the end"):
        then = f"TIMESTAMPTZ '{story[step].known_at.isoformat()}'"
        rows = lab.query(f"SELECT {columns} FROM history.{name}_as_of({FAR}, {then})")
        assert {tuple(row[part] for part in key): row for row in rows} == story[step].core[name], step


def test_history_knows_when_a_task_changed(lab, story):
    """Before the stamp of a change the task is as it was, from it on as it became: as we know it now."""
    before, after = story["again"].truth["tasks"], story["refreshed"].truth["tasks"]
    later = story["at the end"].truth["tasks"]
    changed = [key for key in moved(before, after)[1] if later.get(key) == after[key]]
    assert changed
    for (task_id,) in changed[:3]:
        stamp = after[task_id,]["last_modified_on"]
        for at, row in (("- INTERVAL 1 MILLISECOND", before[task_id,]), ("", after[task_id,])):
            when = f"TIMESTAMPTZ '{stamp.isoformat()}' {at}"
            [found] = lab.query(f"SELECT * FROM history.tasks_as_of({when}, {FAR}) WHERE task_id = {task_id}")
            assert {column: found[column] for column in row} == row


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_twenty_days(lab, story):
    """Twenty days on, refreshed and reconciled each day: every evening every table is the truth."""
    for day in range(20):
        lab.advance(1)
        before = lab.sync()
        found = take(lab, "reconcile")
        assert before.ok
        for name in OFFERED:
            report = found.report.entity_sets[name]
            assert (report.status, report.inserted, report.updated) == ("ok", 0, 0), (day, name)
            assert found.core[name] == found.truth[name], (day, name)
        assert found.lists == found.true_lists
