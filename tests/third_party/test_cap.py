"""SAP's CAP: OData 4, and OData 2 through an adapter of others; every value is compared with CAP's own store."""

import base64
import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
import yaml

from exepron_pipeline.catalogue import load_catalogue

pytestmark = pytest.mark.timeout(900)  # the first run installs servers

SERVICES = {"odata4": "plan", "odata2": "odata/v2/plan"}


def exact(value: Any, places: str) -> Decimal | None:
    """A decimal of the store, with the places of its column."""
    return None if value is None else Decimal(repr(value)).quantize(Decimal(places))


def stamp(value: str | None) -> datetime | None:
    """An instant of the store."""
    return None if value is None else datetime.fromisoformat(value).astimezone(UTC)


def project(row: dict[str, Any]) -> dict[str, Any]:
    """A project of the store as ``core`` must show it."""
    return {
        "id": row["id"],
        "name": row["name"],
        "stage": row["stage"],
        "budget_amount": exact(row["budget_amount"], "0.01"),
        "budget_currency": row["budget_currency"],
        "started": row["started"] and date.fromisoformat(row["started"]),
        "created": stamp(row["created"]),
    }


def task(row: dict[str, Any]) -> dict[str, Any]:
    """A task of the store as ``core`` must show it."""
    return {
        "id": row["ID"],
        "part": row["part"],
        "name": row["name"],
        "number": row["number"],
        "cost": exact(row["cost"], "0.000001"),
        "free": exact(row["free"], "0.0000000001"),
        "rate": row["rate"],
        "due": row["due"] and date.fromisoformat(row["due"]),
        "opens": row["opens"] and time.fromisoformat(row["opens"]),
        "seen": stamp(row["seen"]),
        "modified_at": stamp(row["modifiedAt"]),
        "secret": row["secret"] and base64.b64decode(row["secret"]),
        "done": None if row["done"] is None else bool(row["done"]),
        "project_id": row["project_id"],
    }


def stored(cap, name: str, as_row) -> list[dict[str, Any]]:
    """All records of the store, in the order of their keys."""
    rows = [as_row(row) for row in cap.ask(f"store/{name}")]
    return sorted(rows, key=lambda row: (row["id"], row.get("part")))


def core(running, name: str, key: str) -> list[dict[str, Any]]:
    """All live rows of a table, in the order of their keys, without the columns of ours."""
    columns = "COLUMNS(lambda c: NOT starts_with(c, '_'))"
    return running.rows(f"SELECT {columns} FROM core.{name} WHERE _deleted_at IS NULL ORDER BY {key}")


@pytest.fixture(scope="module", params=["odata4", "odata2"])
def synced(request, cap, pipeline):
    """The pipeline after discovering and syncing CAP in one of its two dialects, and what both said."""
    running = pipeline(cap, SERVICES[request.param], GENERATION=request.param)
    found = json.loads(
        running.exepron("discover", "--out", str(running.catalogue), "--json", GENERATION="auto")
    )
    assert found["generation"] == request.param
    return running, found, json.loads(running.exepron("sync", "--json"))


def test_tables_equal_the_store(cap, synced):
    """What was discovered is synced without a hand-written catalogue, and every value is the store's."""
    running, _, report = synced
    assert {name: each["status"] for name, each in report["entity_sets"].items()} == {
        "projects": "ok",
        "tasks": "ok",
    }
    assert core(running, "projects", "id") == stored(cap, "Projects", project)
    assert core(running, "tasks", "id, part") == stored(cap, "Tasks", task)
    raw = sorted(cap.ask("store/Tasks"), key=lambda row: row["ID"])
    tags = running.rows("SELECT id, tag FROM core.tasks__tags ORDER BY id, _position")
    assert tags == [{"id": row["ID"], "tag": tag} for row in raw for tag in json.loads(row["tags"])]
    marks = running.rows("SELECT id, word, weight FROM core.tasks__marks ORDER BY id, _position")
    assert marks == [{"id": row["ID"], **mark} for row in raw for mark in json.loads(row["marks"])]
    assert running.rows("SELECT count(*) AS n FROM core.tasks WHERE _extra IS NOT NULL") == [{"n": 0}]


def test_changes_follow(cap, synced):
    """A second sync asks by the discovered cursor, and brings the one record that changed."""
    running, found, _ = synced
    assert found["entity_sets"]["tasks"]["cursor"] == "modifiedAt"
    assert found["entity_sets"]["projects"]["cursor"] is None
    before = cap.ask("store/Tasks")[5]
    address = f"plan/Tasks(ID={before['ID']},part={before['part']})"
    later = "2026-04-01T00:00:00.001Z" if before["modifiedAt"] < "2026-04" else "2026-04-02T00:00:00.001Z"
    cap.ask(address, "PATCH", {"name": f"new {later}", "modifiedAt": later})
    report = json.loads(running.exepron("sync", "tasks", "--json"))["entity_sets"]["tasks"]
    assert (report["mode"], report["inserted"], report["updated"]) == ("incremental", 0, 1)
    assert report["fetched"] < len(cap.ask("store/Tasks"))
    assert core(running, "tasks", "id, part") == stored(cap, "Tasks", task)


def test_what_was_discovered(synced):
    """Keys, exact types, children, references, effects of options and the cap of the page are in the catalogue and the report."""
    running, found, _ = synced
    catalogue = load_catalogue(running.catalogue)
    tasks, projects = catalogue.entity_sets["tasks"], catalogue.entity_sets["projects"]
    assert (tasks.key, projects.key) == (("id", "part"), ("id",))
    assert tasks.column("cost").type == "decimal(20,6)"
    assert tasks.column("id").edm == "Edm.Guid"
    assert tasks.column("project_id").references == "projects.id"
    assert projects.column("phone").personal == "contact"
    assert {child.name: child.is_plain for child in tasks.children} == {"tags": True, "marks": False}
    options = found["entity_sets"]["tasks"]["options"]
    assert options == {
        **dict.fromkeys(["top", "skip", "orderby", "filter", "select", "count"], True),
        "page": 7,
        "records": 61,
    }
    written = yaml.safe_load(running.catalogue.read_text())
    assert list(written["entity_sets"]) == ["projects", "tasks", "totals"]
    assert [each.name for each in catalogue.offered] == ["projects", "tasks"]
    assert "501" in found["entity_sets"]["totals"]["problem"]
    assert "$top=7" in running.exepron("plan", "tasks")


def test_doctor_compares(synced):
    """Doctor finds no difference at first; a column of another type in the catalogue is one, and sync tells it too."""
    running, _, _ = synced
    assert "description: as the catalogue says" in running.exepron("doctor")
    ours, theirs = "done: {type: bool, edm: Edm.Boolean}", "done: {type: bool, edm: Edm.Byte}"
    other = running.folder / "other.yaml"
    other.write_text(running.catalogue.read_text().replace(ours, theirs))
    said = "tasks.done was Edm.Byte (bool), and is Edm.Boolean (bool)"
    assert said in running.exepron("doctor", CATALOGUE=str(other))
    running.exepron("sync", "projects", CATALOGUE=str(other))
    assert said in running.told
