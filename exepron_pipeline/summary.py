"""A run in words and figures for a person at a terminal. Here: the tables and the exit code.

Not here: the document for programs (`RunReport.as_json`) and live progress (``progress.py``).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.table import Table

from exepron_pipeline.errors import ExepronError
from exepron_pipeline.events import RunReport, SyncReport

if TYPE_CHECKING:
    from exepron_pipeline.marts import Built

COLUMNS = ("fetched", "inserted", "updated", "deleted")
STYLES = {
    "ok": "green",
    "failed": "bold red",
    "not_offered": "yellow",
    "not_permitted": "yellow",
    "skipped": "dim",
}
ABSENT = {
    "not_offered": "Not offered by this service (no failure)",
    "not_permitted": "Not permitted to this user (no failure)",
}
PARTIAL = 1


def run_table(report: RunReport) -> Table:
    """One line for each entity set: status, what came, what changed, seconds."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("entity set")
    table.add_column("status")
    for name in (*COLUMNS, "seconds"):
        table.add_column(name, justify="right")
    for item in report.entity_sets.values():
        status = f"[{STYLES[item.status]}]{item.status.replace('_', ' ')}[/]"
        table.add_row(
            item.entity_set, status, *(_figure(item, name) for name in COLUMNS), f"{item.seconds:.2f}"
        )
    return table


def _figure(item: SyncReport, name: str) -> str:
    return f"{getattr(item, name):,}" if item.status == "ok" else "-"


def problems(report: RunReport) -> list[str]:
    """What the reader should know beyond the table: a line for each set that failed, one for all that are not there."""
    failed = [item for item in report.entity_sets.values() if item.error and item.status not in ABSENT]
    lines = [f"{item.entity_set}: {item.error}" for item in failed]
    for status, words in ABSENT.items():
        names = [item.entity_set for item in report.entity_sets.values() if item.status == status]
        if names:
            lines.append(f"{words}: {', '.join(names)}. What was asked: exepron status")
    return lines


def mart_table(marts: Mapping[str, "Built"]) -> Table:
    """One line for each mart: its rows, why it has none, and what it had to do without."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("table")
    table.add_column("rows", justify="right")
    table.add_column("note")
    for name, built in marts.items():
        table.add_row(f"marts.{name}", f"{built.rows:,}", built.note)
    return table


def exit_code(report: RunReport) -> int:
    """0 when nothing failed, 1 when some sets landed, if for one of several accounts; else the code of the first failure."""
    failed = [item for item in report.entity_sets.values() if item.status == "failed"]
    if not failed:
        return 0
    if any(item.status == "ok" or item.pages for item in report.entity_sets.values()):
        return PARTIAL
    cause = failed[0].failure
    return cause.exit_code if isinstance(cause, ExepronError) else PARTIAL
