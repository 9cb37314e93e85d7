"""What an operator sees on an asset's page: counts that plot, columns with comments, a safe preview."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import dagster as dg

from exepron_pipeline.catalogue import Column, EntitySet
from exepron_pipeline.events import SyncReport
from exepron_pipeline.land.tables import tables_of
from exepron_pipeline.publish.snapshot import Published

COUNTS = ("fetched", "inserted", "updated", "unchanged", "deleted", "quarantined", "pages", "requests")


def column_schema(entity_set: EntitySet, columns: tuple[Column, ...]) -> dg.TableSchema:
    """Columns of ``core.<entity_set>``, those of ours included, with types, descriptions and constraints.

    Args:
        entity_set: Whose key tells which columns are never null.
        columns: Those of the catalogue that are stored.

    """
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                field.name,
                field.type,
                description=field.comment,
                constraints=dg.TableColumnConstraints(nullable=field.name not in entity_set.key),
            )
            for field in tables_of(entity_set, columns).core.fields
        ]
    )


def mart_schema(columns: Mapping[str, str], types: Mapping[str, str]) -> dg.TableSchema:
    """Columns of a mart, with their descriptions and the types they were built with."""
    return dg.TableSchema(
        columns=[dg.TableColumn(name, types[name], description=text) for name, text in columns.items()]
    )


def sync_metadata(report: SyncReport) -> dict[str, Any]:
    """Metadata of one materialization; figures become plots in the UI."""
    if report.status != "ok":
        return {"status": report.status, "reason": report.error or "", "requests": report.requests}
    found: dict[str, Any] = {
        "status": report.status,
        "mode": report.mode,
        "evidence": report.evidence,
        "seconds": round(report.seconds, 3),
        **{name: getattr(report, name) for name in COUNTS},
    }
    for name in ("watermark_before", "watermark_after"):
        if moment := getattr(report, name):
            found[name] = dg.MetadataValue.timestamp(datetime.fromisoformat(moment))
    if report.rows is not None:
        found["dagster/row_count"] = report.rows
    if report.preview:
        found["preview"] = dg.MetadataValue.md(markdown(report.preview))
    return found


def snapshot_metadata(published: Published) -> dict[str, Any]:
    """What was published, where, and how many rows of each table."""
    rows = [{"table": name, "rows": f"{count:,}"} for name, count in published.tables.items()]
    return {
        "path": dg.MetadataValue.path(str(published.snapshot)),
        "parquet": dg.MetadataValue.path(str(published.parquet)),
        "published_at": dg.MetadataValue.timestamp(published.published_at),
        "tables": len(published.tables),
        "dagster/row_count": sum(published.tables.values()),
        "rows": dg.MetadataValue.md(markdown(rows)),
    }


def markdown(rows: list[dict[str, Any]]) -> str:
    """Write rows, at least one, as a Markdown table."""
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    lines += ["| " + " | ".join(_cell(row[name]) for name in names) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ")[:80]
