"""The summary of a run: exit codes and the table."""

import io

import pytest
from rich.console import Console

from exepron_pipeline.errors import (
    AuditError,
    AuthRejectedError,
    EntitySetMissingError,
    NotPermittedError,
    ServerUnavailableError,
)
from exepron_pipeline.events import RunReport, SyncReport
from exepron_pipeline.marts import Built
from exepron_pipeline.summary import exit_code, mart_table, problems, run_table


def report(**statuses: tuple[str, Exception | None]) -> RunReport:
    """Make the report of a run with these statuses and failures."""
    found = RunReport("load-1")
    for name, (status, failure) in statuses.items():
        found.entity_sets[name] = SyncReport(
            name, status=status, failure=failure, error=str(failure) if failure else None
        )
    return found


@pytest.mark.parametrize(
    ("run", "code"),
    [
        (report(a=("ok", None), b=("not_offered", None)), 0),
        (report(a=("ok", None), b=("failed", AuditError("x"))), 1),
        (report(a=("failed", AuditError("x"))), 3),
        (report(a=("failed", ServerUnavailableError("x")), b=("not_permitted", None)), 4),
        (report(a=("failed", RuntimeError("x"))), 1),
    ],
)
def test_exit_codes_follow_the_worst_that_happened(run, code):
    """0 all good, 1 partial, else the code of what failed."""
    assert exit_code(run) == code


def test_an_account_that_landed_makes_a_failure_partial():
    """Where one of several accounts cannot be read, every set is failed, and what the others brought has landed."""
    run = report(a=("failed", AuthRejectedError("x")))
    assert exit_code(run) == 4
    run.entity_sets["a"].pages = 1
    assert exit_code(run) == 1


def test_the_table_has_a_line_for_each_entity_set():
    """Each entity set shows its status; what failed says why below."""
    run = report(tasks=("ok", None), users=("failed", AuditError("Too many vanished.")))
    sink = io.StringIO()
    Console(width=100, file=sink).print(run_table(run))
    text = sink.getvalue()
    assert "tasks" in text
    assert "failed" in text
    assert problems(run) == ["users: Too many vanished."]


def test_what_is_not_there_is_told_in_one_line():
    """Sets that a service does not offer, or a user may not see, are named together and are called no failure."""
    run = report(
        a=("not_offered", EntitySetMissingError("404")),
        b=("ok", None),
        c=("not_offered", EntitySetMissingError("404")),
        d=("not_permitted", NotPermittedError("403")),
        e=("failed", AuditError("Too many vanished.")),
    )
    assert problems(run) == [
        "e: Too many vanished.",
        "Not offered by this service (no failure): a, c. What was asked: exepron status",
        "Not permitted to this user (no failure): d. What was asked: exepron status",
    ]


def test_a_mart_says_what_it_lacks():
    """The table of marts has their rows, why one is empty, and what it was built without."""
    marts = {
        "whole": Built(1200, (), "until a thing is read"),
        "partly": Built(3, ("core.users", "core.tasks.duration"), "until a thing is read"),
        "empty": Built(0, (), "until a thing is read"),
    }
    sink = io.StringIO()
    Console(width=100, file=sink).print(mart_table(marts))
    assert [line.split() for line in sink.getvalue().splitlines()[1:]] == [
        ["marts.whole", "1,200"],
        ["marts.partly", "3", *["without", "core.users,", "1", "column"]],
        ["marts.empty", "0", *["empty", "until", "a", "thing", "is", "read"]],
    ]


def test_the_json_document_has_the_promised_fields():
    """`--json` prints exactly the documented fields of each entity set."""
    assert set(report(tasks=("ok", None)).as_json()["entity_sets"]["tasks"]) == {
        "status", "mode", "requests", "pages", "fetched", "inserted", "updated", "unchanged", "deleted", "quarantined",
        "source_count", "evidence", "complete", "watermark_before", "watermark_after", "seconds", "error",
    }  # fmt: skip
