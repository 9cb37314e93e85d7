"""A service whose records change their form, and a catalogue that follows or refuses; over real HTTP."""

import pytest
import yaml

from exepron_pipeline.errors import ContractError, RecordKeyError
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
