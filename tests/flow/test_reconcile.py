"""Comparing by keys and cursors: what differs is asked for once more, and nothing is believed that is not proven."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from exepron_pipeline.engine import open_engine
from exepron_pipeline.events import Notice
from exepron_pipeline.sync import sync_all

KEYS = "$select=id,changedAt"


@pytest.fixture(scope="module")
def living_kit(helper):
    """The module ``living_service.py``."""
    return helper("flow", "living_service")


@pytest.fixture(scope="module")
def stage(living_kit):
    """A server for whichever service a test needs."""
    with living_kit.stage() as running:
        yield running


class Things:
    """A service of OData 4 with 120 things, and the warehouse that was filled from it."""

    def __init__(self, living_kit, fake, lab_kit, stage, folder, **offer):
        """Start both; ``offer`` is what the service obeys, ignores and refuses."""
        self.life = living_kit.Life({}, lambda number: number)
        self.service = living_kit.living(fake, "value", before=self.life, **{"counts": True, **offer})
        self.service.records = [self.life.born(number) for number in range(120)]
        self.service.base_url, stage.service = stage.url, self.service
        catalogue = folder / "catalogue.yaml"
        catalogue.write_text(living_kit.CATALOGUE.format(generation="odata4", key_type="int"))
        environment = {
            "EXEPRON_API_URL": stage.url,
            "EXEPRON_TOKEN": "a-token-that-nobody-looks-at",
            "EXEPRON_ACCOUNTS": "1",
            "EXEPRON_GENERATION": "odata4",
            "EXEPRON_CATALOGUE": str(catalogue),
            "EXEPRON_PAGE_SIZE": "20",
        }
        self.lab = lab_kit.Lab(SimpleNamespace(environment=environment), folder / "data")
        self.truth = lambda: living_kit.truth(self.service)
        self.notices = []
        self.lab.sync("things")

    def reconcile(self):
        """Compare; gives the report, and keeps what the operator was told and the service asked."""
        self.service.asked.clear()
        with open_engine(self.lab.load_settings()) as engine:
            engine.listen = lambda event: (
                self.notices.append(event.text) if isinstance(event, Notice) else None
            )
            return sync_all(engine, ["things"], mode="reconcile").entity_sets["things"]

    def core(self):
        """Live rows by key, as `truth` gives them."""
        rows = self.lab.query(
            "SELECT thing_id, amount, number, changed_at FROM core.things WHERE _deleted_at IS NULL"
        )
        return {row["thing_id"]: tuple(row.values())[1:] for row in rows}

    def change_silently(self, *keys, **fields):
        """Change things although no refresh would see it."""
        for row in self.service.records:
            if row["id"] in keys:
                row.update(fields)


@pytest.fixture
def new_things(living_kit, helper, lab_kit, stage, tmp_path):
    """Start a service and fill a warehouse from it."""

    def start(**offer) -> Things:
        return Things(living_kit, helper("odata", "fake_service"), lab_kit, stage, Path(tmp_path), **offer)

    return start


def test_keys_and_cursors_are_enough(new_things):
    """Only key and cursor are read of all; what is new, restamped and gone is asked for by key, and all is right again."""
    things = new_things()
    old = "2020-01-01T00:00:00Z"
    things.service.records += [things.life.born(500) | {"changedAt": old}]
    things.change_silently(7, amount="7.5000", changedAt=old)
    things.service.records = [row for row in things.service.records if row["id"] not in {3, 4}]
    report = things.reconcile()
    assert things.core() == things.truth()
    figures = (report.inserted, report.updated, report.unchanged, report.deleted)
    assert figures == (1, 1, 117, 2)
    of_keys = [address for address in things.service.asked if KEYS in address]
    whole = [address for address in things.service.asked if KEYS not in address]
    assert len(of_keys) >= 6
    assert all("id%20eq%20" in address for address in whole)
    assert report.requests == len(things.service.asked)
    assert (report.mode, report.evidence, report.complete) == ("reconcile", "count", True)
    assert (
        report.fetched == 119 + 2 + 1
    )  # the keys, what differs, and one that shows that conditions are heeded
    assert not things.notices


def test_a_record_that_was_only_passed_over_is_not_gone(new_things):
    """What one complete read does not show and the question for its key does, stays."""
    things = new_things(counts=False)
    hidden = things.service.records.pop(5)

    def appears(service):
        if "eq%20" in service.asked[-1] and hidden not in service.records:
            service.records.append(hidden)

    things.service.before = appears
    report = things.reconcile()
    assert (report.deleted, report.updated, report.inserted, report.unchanged) == (0, 0, 0, 120)
    assert things.core() == things.truth()


@pytest.mark.parametrize(
    "offer",
    [{"ignores": frozenset({"$select"})}, {"refuses": frozenset({"$select"})}],
    ids=["ignored", "refused"],
)
def test_without_select_whole_records_are_compared(new_things, offer):
    """Where keys alone cannot be had all is compared, the operator is told, and silent changes are found too."""
    things = new_things(**offer)
    things.change_silently(7, amount="7.5000")
    things.service.records.pop(3)
    report = things.reconcile()
    assert things.core() == things.truth()
    assert (report.updated, report.deleted) == (1, 1)
    assert any("whole records are compared" in text for text in things.notices)
    assert report.requests == len(things.service.asked)


def test_without_conditions_on_the_key_everything_is_read_again(new_things):
    """Where single records cannot be had by their keys a second complete read has to miss them too."""
    things = new_things(filters=frozenset({"changedAt"}))
    things.service.records.pop(3)
    report = things.reconcile()
    assert things.core() == things.truth()
    assert report.deleted == 1
    assert any("everything is read again" in text for text in things.notices)


def test_a_condition_that_is_not_heeded_is_noticed(new_things):
    """An answer with other records than were asked for is not taken for an answer."""
    things = new_things(ignores=frozenset({"$filter"}), cap=None)
    things.service.records.pop(3)
    report = things.reconcile()
    assert report.deleted == 1
    assert things.core() == things.truth()


def test_a_null_cursor_tells_nothing(new_things):
    """Records without a stamp, which no refresh asks for, are fetched whole by each comparison."""
    things = new_things()
    things.change_silently(7, changedAt=None)
    assert things.reconcile().updated == 1
    things.change_silently(7, amount="7.5000")
    assert things.lab.sync("things").entity_sets["things"].updated == 0
    assert things.reconcile().updated == 1
    assert things.reconcile().updated == 0
    [row] = things.lab.query(
        "SELECT changed_at, amount::DOUBLE AS amount FROM core.things WHERE thing_id = 7"
    )
    assert row == {"changed_at": None, "amount": 7.5}


def test_too_many_are_not_asked_for_one_by_one(new_things):
    """When more differ than questions by key would pay for, everything is read again instead."""
    things = new_things()
    things.lab.settings["EXEPRON_PAGE_SIZE"] = "5000"
    del things.lab.environment
    old = "2020-01-01T00:00:00Z"
    things.service.records += [things.life.born(number) | {"changedAt": old} for number in range(500, 900)]
    report = things.reconcile()
    assert report.inserted == 400
    assert things.core() == things.truth()
    assert not any("eq%20" in address for address in things.service.asked)


def test_half_of_the_records_vanish(new_things):
    """When more is missing than one comparison may delete it stops before asking again, and names the setting."""
    things = new_things()
    things.service.records = things.service.records[::2]
    before = things.core()
    report = things.reconcile()
    assert report.status == "failed"
    assert "60 of 120 records of account 1 would be deleted" in report.error
    assert "EXEPRON_MAX_DELETED_SHARE=1 for one reconcile" in report.error
    assert things.core() == before
    things.lab.settings["EXEPRON_MAX_DELETED_SHARE"] = "1"
    del things.lab.environment
    assert things.reconcile().deleted == 60
    assert things.core() == things.truth()


def test_a_record_that_comes_back_lives_again(new_things):
    """Its row loses the mark, whichever way it comes."""
    things = new_things()
    gone = things.service.records.pop(3)
    assert things.reconcile().deleted == 1
    things.service.records.append(gone)
    report = things.reconcile()
    assert (report.inserted, report.deleted) == (1, 0)
    assert things.core() == things.truth()
