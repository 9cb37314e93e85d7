"""``exepron sync`` and ``reconcile``, as a person or a program uses them."""

import json
from datetime import datetime

import pytest
from typer.testing import CliRunner

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.cli.main import app

OFFERED = [entity_set.name for entity_set in load_catalogue(None).offered]
FIELDS = {
    "status": str,
    "mode": str,
    "requests": int,
    "pages": int,
    "fetched": int,
    "inserted": int,
    "updated": int,
    "unchanged": int,
    "deleted": int,
    "quarantined": int,
    "source_count": int | None,
    "evidence": str,
    "complete": bool,
    "watermark_before": str | None,
    "watermark_after": str | None,
    "seconds": float,
    "error": str | None,
}


def only_document(ended):
    """The one JSON document on standard output."""
    document, end = json.JSONDecoder().raw_decode(ended.stdout)
    assert ended.stdout[end:].strip() == ""
    return document


def check_fields(document):
    """The document has the documented fields, no other, of the documented types."""
    assert document.keys() == {"ok", "load_id", "entity_sets"}
    assert isinstance(document["load_id"], str)
    for report in document["entity_sets"].values():
        assert report.keys() == FIELDS.keys()
        assert all(isinstance(report[name], kind) for name, kind in FIELDS.items()), report


def test_sync_json_is_one_document(first_sync):
    """``sync --json`` prints one document with the documented fields for each entity set, and nothing else."""
    lab, ended = first_sync
    document = only_document(ended)
    check_fields(document)
    assert document["ok"] is True
    assert list(document["entity_sets"]) == OFFERED
    assert {report["status"] for report in document["entity_sets"].values()} == {"ok"}
    tasks = document["entity_sets"]["tasks"]
    assert tasks["inserted"] == tasks["fetched"] == len(lab.truth("tasks"))
    assert datetime.fromisoformat(tasks["watermark_after"]).utcoffset() is not None


def test_reconcile_json_is_one_document(empty):
    """``reconcile --json`` prints the same document, with its own mode; named sets only, in their order."""
    ended = empty.exepron("reconcile", "roles", "calendar_days", "--json")
    assert ended.returncode == 0
    document = only_document(ended)
    check_fields(document)
    assert {name: report["mode"] for name, report in document["entity_sets"].items()} == {
        "roles": "reconcile",
        "calendar_days": "reconcile",
    }


def test_a_person_sees_a_table(empty):
    """Without a terminal there is one plain line an entity set, then the table; no colour, no JSON."""
    ended = empty.exepron("sync", "roles", "users")
    assert ended.returncode == 0
    head, *lines = ended.stdout.splitlines()
    assert head.split() == ["entity", "set", "status", "fetched", "inserted", "updated", "deleted", "seconds"]
    assert [line.split()[:2] for line in lines if line.strip()] == [["roles", "ok"], ["users", "ok"]]
    assert [line.partition(":")[0] for line in ended.stderr.splitlines()] == ["roles", "users"]
    assert "\x1b" not in ended.stdout + ended.stderr


def test_full_reads_everything_again(empty):
    """``--full`` reads a set whole although it has a watermark, and finds nothing to change."""
    empty.sync("work_hours")
    report = only_document(empty.exepron("sync", "work_hours", "--full", "--json"))["entity_sets"][
        "work_hours"
    ]
    assert (report["mode"], report["inserted"], report["updated"]) == ("full", 0, 0)
    assert report["fetched"] == report["unchanged"] == len(empty.truth("work_hours"))


def test_since_reads_from_then_on(empty):
    """``--since`` asks for exactly what changed from that moment on, whatever the watermark says."""
    empty.sync("work_hours")
    stamps = [row["last_modified_on"] for row in empty.truth("work_hours").values()]
    since = sorted(stamps)[len(stamps) // 2].replace(microsecond=0)
    words = ["sync", "work_hours", "--since", since.isoformat(), "--json"]
    report = only_document(empty.exepron(*words))["entity_sets"]["work_hours"]
    assert report["mode"] == "incremental"
    assert report["fetched"] == sum(stamp >= since for stamp in stamps)


def test_full_and_since_contradict_each_other(empty):
    """``--full`` together with ``--since`` is refused before anything is asked."""
    ended = empty.exepron("sync", "--full", "--since", "2026-01-01")
    assert ended.returncode == 2
    assert "--since" in ended.stderr
    assert not empty.data_dir.exists()


@pytest.mark.parametrize("verb", ["sync", "reconcile", "publish", "status", "query", "doctor", "plan"])
def test_each_verb_helps(verb):
    """Each verb explains itself."""
    ended = CliRunner().invoke(app, [verb, "--help"])
    assert ended.exit_code == 0
    assert ended.stdout.strip().startswith("Usage:")
