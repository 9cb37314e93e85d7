"""Another service, another catalogue: nothing but the catalogue and the dialect's name tells the pipeline of it."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from exepron_pipeline.sync import run


@pytest.fixture
def service(other_kit):
    """The other service, running."""
    with other_kit.other_service() as running:
        yield running


@pytest.fixture
def lab(lab_kit, other_kit, service, tmp_path, monkeypatch):
    """The settings of that service in the environment, and the folder that they name."""
    (tmp_path / "catalogue.yaml").write_text(other_kit.CATALOGUE)
    environment = service.environment(str(tmp_path / "data"), str(tmp_path / "catalogue.yaml"))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return lab_kit.Lab(None, tmp_path / "data")


def expected(record):
    """An order of the service as its row."""
    stamp = datetime.fromisoformat(record["ChangedAt"].replace("1234567", "123456"))
    return {
        "order_id": record["OrderID"],
        "number": record["Number"],
        "amount": Decimal(record["Amount"]),
        "customer": record["Customer"]["Name"],
        "is_open": record["IsOpen"],
        "due_on": date.fromisoformat(record["DueOn"]),
        "changed_at": stamp.astimezone(UTC),
    }


def orders(lab):
    """Live orders in ``core``, in the order of their keys."""
    names = "order_id, number, amount, customer, is_open, due_on, changed_at"
    return lab.query(f"SELECT {names} FROM core.orders WHERE _deleted_at IS NULL ORDER BY order_id")


def test_everything_lands(lab, service):
    """Next links of both kinds are followed to the end; every value is exact, nested ones and lists too."""
    report = run()
    assert {name: each.error for name, each in report.entity_sets.items()} == {
        "orders": None,
        "regions": None,
    }
    records = service.sets["/odata/Orders"]
    assert orders(lab) == [expected(record) for record in records]
    tags = lab.query("SELECT order_id, tag FROM core.orders__tags ORDER BY order_id, _position")
    assert tags == [{"order_id": each["OrderID"], "tag": tag} for each in records for tag in each["Tags"]]
    regions = lab.query("SELECT country, code, title FROM core.regions ORDER BY ALL")
    assert [tuple(row.values()) for row in regions] == [
        tuple(row.values()) for row in service.sets["/odata/Sales/Regions"]
    ]
    assert {each.evidence for each in report.entity_sets.values()} == {"count"}
    assert report.entity_sets["orders"].source_count == len(records)


def test_what_is_not_in_the_catalogue_is_kept_aside(lab):
    """What no column takes is kept in ``_extra``, ticks of 100 ns too; annotations of the standard are not."""
    run("orders")
    [row] = lab.query("SELECT _extra FROM core.orders ORDER BY order_id LIMIT 1")
    stamp = "2026-03-01T00:30:00.1234567+02:00"
    assert row["_extra"] == f'{{"ChangedAt":"{stamp}","Customer":{{"Phone":"+353 1 000"}}}}'


def test_changes_and_deletions_are_found(lab, service):
    """The second sync asks from the watermark on; a reconcile finds what is gone, by count."""
    run()
    records = service.sets["/odata/Orders"]
    records[5] |= {"IsOpen": True, "ChangedAt": "2026-03-05T10:00:00Z".replace("Z", ".1234567+00:00")}
    gone = records.pop(7)
    service.asked.clear()
    report = run().entity_sets["orders"]
    assert (report.mode, report.inserted, report.updated, report.deleted) == ("incremental", 0, 1, 0)
    assert any("ChangedAt%20ge%20" in target for target in service.asked)
    from exepron_pipeline.engine import open_engine
    from exepron_pipeline.sync import sync_all

    with open_engine() as engine:
        reconciled = sync_all(engine, mode="reconcile").entity_sets["orders"]
    assert (reconciled.inserted, reconciled.updated, reconciled.deleted) == (0, 0, 1)
    assert orders(lab) == [expected(record) for record in records]
    marked = lab.query("SELECT order_id FROM core.orders WHERE _deleted_at IS NOT NULL")
    assert marked == [{"order_id": gone["OrderID"]}]


def test_another_filter_is_another_scope(lab, service, other_kit, tmp_path):
    """A filter that is added, changed or taken away makes one full read, and never a deletion."""
    from exepron_pipeline.engine import open_engine
    from exepron_pipeline.sync import sync_all

    def write(condition):
        text = other_kit.CATALOGUE
        added = (
            f'    cursor: changed_at\n    filter: "{condition}"\n'
            if condition
            else "    cursor: changed_at\n"
        )
        (tmp_path / "catalogue.yaml").write_text(text.replace("    cursor: changed_at\n", added))

    def reconciled():
        with open_engine() as engine:
            return sync_all(engine, ["orders"], mode="reconcile").entity_sets["orders"]

    records = service.sets["/odata/Orders"]
    closed = [record for record in records if not record["IsOpen"]]
    run("orders")
    write("IsOpen eq true")
    service.asked.clear()
    first = run("orders").entity_sets["orders"]
    assert (first.mode, first.source_count, first.deleted, first.error) == ("full", 37 - len(closed), 0, None)
    assert all(
        "$filter=IsOpen%20eq%20true" in target for target in service.asked if "skiptoken" not in target
    )
    assert run("orders").entity_sets["orders"].mode == "incremental"
    assert reconciled().deleted == 0
    assert orders(lab) == [expected(record) for record in records]
    gone = next(record for record in records if record["IsOpen"])
    records.remove(gone)
    assert reconciled().deleted == 1
    records.remove(closed[0])
    assert reconciled().deleted == 0
    write(None)
    last = run("orders").entity_sets["orders"]
    assert (last.mode, last.source_count, last.deleted) == ("full", 35, 0)
    assert reconciled().deleted == 1
    assert orders(lab) == [expected(record) for record in records]
