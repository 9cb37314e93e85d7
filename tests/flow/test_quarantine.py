"""Records that do not fit: set aside, listed, decoded again under another catalogue; over real HTTP."""

import json
import shutil

import pytest
import yaml
from typer.testing import CliRunner

from exepron_pipeline.cli.main import app
from exepron_pipeline.sync import run

OPEN = "SELECT key, closed_by IS NULL AS open FROM ops.quarantine ORDER BY quarantined_at, key"


@pytest.fixture
def service(other_kit):
    """The other service, running, with one order whose amount is no number, on the second page."""
    with other_kit.other_service() as running:
        running.sets["/odata/Orders"][14]["Amount"] = "n/a"
        yield running


@pytest.fixture
def amounts(other_kit, tmp_path):
    """Writes the service's catalogue with another type for the amount."""

    def write(type_="decimal(18,4)"):
        entries = yaml.safe_load(other_kit.CATALOGUE)
        entries["entity_sets"]["orders"]["columns"]["amount"]["type"] = type_
        (tmp_path / "catalogue.yaml").write_text(yaml.safe_dump(entries))

    write()
    return write


@pytest.fixture
def lab(lab_kit, service, amounts, tmp_path, monkeypatch):
    """The settings of that service in the environment, and the folder that they name."""
    given = service.environment(str(tmp_path / "data"), str(tmp_path / "catalogue.yaml"))
    given |= {"EXEPRON_RATE": "0", "EXEPRON_MAX_REJECTED_SHARE": "0.5"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return lab_kit.Lab(None, tmp_path / "data")


def asked(*words):
    """What `exepron quarantine` prints for programs; it succeeds."""
    result = CliRunner().invoke(app, ["quarantine", *words, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def odd(service):
    """The order that does not fit."""
    return service.sets["/odata/Orders"][14]


def test_a_record_lands_once_the_catalogue_takes_it(lab, service, amounts):
    """List tells key, reason and page; replay lands record, list and history as the load would have, and asks nobody."""
    run("orders")
    [row] = asked("list")["quarantine"]
    assert (row["key"], row["entity_set"], row["page_kept"]) == (odd(service)["OrderID"], "orders", True)
    assert row["reason"] == 'amount: "n/a" does not fit decimal(18,4)'
    [still] = asked("replay")["entity_sets"]["orders"]["left"]
    assert still["reason"] == row["reason"]

    amounts("text")
    service.asked.clear()
    done = asked("replay", "orders")["entity_sets"]["orders"]
    assert (done["inserted"], done["left"], service.asked) == (1, [], [])
    assert asked("list") == {"quarantine": []}
    key = odd(service)["OrderID"]
    found = "SELECT amount, is_open FROM {} WHERE order_id = '" + key + "'"
    assert lab.query(found.format("core.orders")) == [{"amount": "n/a", "is_open": odd(service)["IsOpen"]}]
    assert lab.query(found.format("history.orders_as_of(now(), now())"))[0]["amount"] == "n/a"
    tags = lab.query(f"SELECT tag FROM core.orders__tags WHERE order_id = '{key}' ORDER BY _position")
    assert [each["tag"] for each in tags] == odd(service)["Tags"]
    [load] = lab.query("SELECT inserted, fetched FROM ops.loads WHERE mode = 'replay'")
    assert load == {"inserted": 1, "fetched": 1}
    assert asked("replay")["entity_sets"] == {}


def test_a_newer_row_is_never_overwritten(lab, service, amounts):
    """What has landed since, what was deleted since, and what was rejected anew: each wins over an old page."""
    run("orders")
    first = lab.query("FROM ops.quarantine")
    odd(service).update(Amount=5, ChangedAt="2026-03-04T00:00:00Z")
    run("orders")
    assert lab.query(OPEN) == [{"key": odd(service)["OrderID"], "open": False}]

    from exepron_pipeline.engine import open_engine

    amounts("text")
    with open_engine() as engine, engine.warehouse.open("test") as connection:
        connection.execute("UPDATE ops.quarantine SET closed_at = NULL, closed_by = NULL")
    done = asked("replay")["entity_sets"]["orders"]
    assert (done["superseded"], done["inserted"], done["updated"]) == (1, 0, 0)
    found = f"SELECT amount FROM core.orders WHERE order_id = '{first[0]['key']}'"
    assert lab.query(found) == [{"amount": "5"}]


def test_a_page_that_is_gone_is_told(lab, service, amounts):
    """Then only a full read brings the record, and settles its row."""
    run("orders")
    shutil.rmtree(lab.data_dir / "state" / "spool")
    amounts("text")
    [row] = asked("list")["quarantine"]
    assert row["page_kept"] is False
    [left] = asked("replay")["entity_sets"]["orders"]["left"]
    assert "exepron sync --full orders" in left["reason"]
    run("orders", full=True)
    assert asked("list") == {"quarantine": []}


def test_a_record_that_stays_odd_is_one_row(lab, service):
    """Each load that rejects it anew closes the row of before; one that no longer lists it closes the last."""
    run("orders")
    run("orders", full=True)
    assert [row["open"] for row in lab.query(OPEN)] == [False, True]
    del service.sets["/odata/Orders"][14]
    run("orders", full=True)
    assert [row["open"] for row in lab.query(OPEN)] == [False, False]
