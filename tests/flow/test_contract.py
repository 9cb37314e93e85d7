"""A service whose records change their form, and a catalogue that follows or refuses; over real HTTP."""

import pytest
import yaml

from exepron_pipeline.errors import AuditError, ContractError, RecordKeyError
from exepron_pipeline.sync import run

CHANGES = "SELECT table_name, column_name, change FROM ops.schema_changes ORDER BY ALL"


@pytest.fixture
def service(other_kit):
    """The other service, running; its records hold nothing that the catalogue does not name."""
    with other_kit.other_service() as running:
        for record in running.sets["/odata/Orders"]:
            record["Customer"].pop("Phone")
        yield running


@pytest.fixture
def catalogue(other_kit, tmp_path):
    """Writes the service's catalogue, with its entry for orders changed."""

    def write(change=lambda orders: None):
        entries = yaml.safe_load(other_kit.CATALOGUE)
        change(entries["entity_sets"]["orders"])
        (tmp_path / "catalogue.yaml").write_text(yaml.safe_dump(entries))

    write()
    return write


@pytest.fixture
def lab(lab_kit, service, catalogue, tmp_path, monkeypatch):
    """The settings of that service in the environment, and the folder that they name."""
    given = service.environment(str(tmp_path / "data"), str(tmp_path / "catalogue.yaml"))
    for name, value in (given | {"EXEPRON_RATE": "0"}).items():
        monkeypatch.setenv(name, value)
    return lab_kit.Lab(None, tmp_path / "data")


def records(service):
    """The orders of the service."""
    return service.sets["/odata/Orders"]


def test_a_frozen_set_stops_alone(lab, service, catalogue):
    """A new field ends it as a contract error that names the field; the other set lands, and so do orders once it is accepted."""
    catalogue(lambda orders: orders.update(contract="freeze"))
    assert run().ok
    records(service)[20]["RiskScore"] = 7
    report = run(full=True)
    orders = report.entity_sets["orders"]
    assert (orders.status, report.entity_sets["regions"].status) == ("failed", "ok")
    assert isinstance(orders.failure, ContractError)
    assert "RiskScore (int)" in orders.error
    assert lab.query("SELECT count(*) AS n FROM core.orders") == [{"n": 37}]

    def accept(entry):
        entry["contract"] = "freeze"
        entry["columns"]["risk_score"] = {"type": "int", "wire": "RiskScore"}

    catalogue(accept)
    assert run().ok
    assert lab.query("SELECT risk_score FROM core.orders WHERE risk_score IS NOT NULL") == [{"risk_score": 7}]


def test_discarded_fields_are_nowhere(lab, service, monkeypatch):
    """They are recorded, and are in no table."""
    monkeypatch.setenv("EXEPRON_CONTRACT", "discard")
    for record in records(service):
        record["RiskScore"] = 7
    assert run().ok
    assert lab.query("SELECT count(*) AS n FROM core.orders WHERE _extra LIKE '%Risk%'") == [{"n": 0}]
    assert {"table_name": "orders", "column_name": "RiskScore", "change": "discarded"} in lab.query(CHANGES)


def test_a_key_that_vanishes_stops_the_set(lab, service):
    """The message names the key and what came instead; the tables stay, and the other set goes on."""
    run()
    for record in records(service):
        record["OrderKey"] = record.pop("OrderID")
    report = run(full=True)
    orders = report.entity_sets["orders"]
    assert isinstance(orders.failure, RecordKeyError)
    assert orders.failure.exit_code == 3
    assert "have no OrderID any more" in orders.error
    assert "OrderKey" in orders.error
    assert report.entity_sets["regions"].status == "ok"
    assert lab.query("SELECT count(*) AS n FROM core.orders WHERE _deleted_at IS NULL") == [{"n": 37}]


def test_an_accepted_field_fills_its_column_everywhere(lab, service, catalogue):
    """What was kept aside moves into the column, in all versions too; no version is added, and the set is read whole once."""
    for record in records(service):
        record["RiskScore"] = record["Number"] % 5
    run()
    records(service)[3].update(RiskScore=99, ChangedAt="2026-03-05T00:00:00Z")
    run()
    versions = lab.query("SELECT count(*) AS n FROM history.orders")
    catalogue(lambda orders: orders["columns"].update(risk_score={"type": "int", "wire": "RiskScore"}))
    records(service)[4]["RiskScore"] = 50
    report = run().entity_sets["orders"]
    assert (report.mode, report.inserted, report.updated) == ("full", 0, 1)
    assert run().entity_sets["orders"].mode == "incremental"
    found = lab.query("SELECT risk_score FROM core.orders ORDER BY order_id")
    assert [row["risk_score"] for row in found] == [record["RiskScore"] for record in records(service)]
    [after] = lab.query("SELECT count(*) AS n, count(risk_score) AS filled FROM history.orders")
    assert after == {"n": versions[0]["n"] + 2, "filled": after["n"]}
    assert lab.query("SELECT count(*) AS n FROM core.orders WHERE _extra LIKE '%Risk%'") == [{"n": 0}]
    assert {"table_name": "orders", "column_name": "RiskScore", "change": "accepted"} in lab.query(CHANGES)


def test_a_wider_type_rewrites_nothing(lab, service, catalogue):
    """A number that becomes a longer decimal, or text, is the same record: no row and no version is written."""
    run()
    for type_ in ("decimal(22,5)", "text"):
        catalogue(lambda orders, type_=type_: orders["columns"]["amount"].update(type=type_))
        report = run(full=True).entity_sets["orders"]
        assert (report.inserted, report.updated, report.unchanged) == (0, 0, 37)
    assert lab.query("SELECT amount FROM core.orders ORDER BY order_id LIMIT 2") == [
        {"amount": "0.1001"},
        {"amount": "1.1001"},
    ]


def test_a_type_that_could_lose_values_stops_the_set(lab, catalogue):
    """Text cannot become a number: the set ends as a contract error, the other lands, and the snapshot can be read."""
    run()
    catalogue(lambda orders: orders["columns"]["customer"].update(type="int"))
    report = run()
    assert isinstance(report.entity_sets["orders"].failure, (ContractError, AuditError))
    assert report.entity_sets["regions"].status == "ok"


def test_a_list_that_is_taken_out_leaves_no_stale_items(lab, service, catalogue):
    """Its table is emptied, and its versions are known until then; when it is back, a full read fills it again."""
    tags = "SELECT order_id, tag FROM {} ORDER BY ALL"
    run()
    before = lab.query(tags.format("core.orders__tags"))
    [known] = lab.query("SELECT max(finished_at) AS at FROM ops.loads")
    catalogue(lambda orders: orders.pop("children"))
    assert run().ok
    assert lab.query(tags.format("core.orders__tags")) == []
    assert lab.query(tags.format("history.orders__tags_as_of(now(), now())")) == []
    assert lab.query(tags.format(f"history.orders__tags_as_of('{known['at']}', '{known['at']}')")) == before
    catalogue()
    assert run().entity_sets["orders"].mode == "full"
    assert lab.query(tags.format("core.orders__tags")) == before
