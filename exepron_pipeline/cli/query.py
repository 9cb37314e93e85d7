"""``exepron query``: SQL on the snapshot."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exepron_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    import pyarrow as pa

MOST_LINES = 200


class Format(StrEnum):
    """How the result is written."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


def query(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help="For example: SELECT * FROM marts.project_status")
    ],
    *,
    output: Annotated[Format, typer.Option("--format", help="How the result is written.")] = Format.table,
    out: Annotated[Path | None, typer.Option("--out", help="A file instead of standard output.")] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="LOAD", help="The tables as of a load, or of an instant (ISO 8601 with a zone)."
        ),
    ] = None,
) -> None:
    """Run SQL on the analysts' snapshot (read-only)."""
    from exepron_pipeline.publish.reader import open_snapshot  # DuckDB loads only when needed
    from exepron_pipeline.settings import load_settings

    settings = load_settings()
    with open_snapshot(settings.snapshot_path, as_of=as_of) as reader:
        result = reader.query(sql)
    _write(result, output, out)


def _write(result: "pa.Table", output: Format, out: Path | None) -> None:
    if output is Format.table and out is None:
        _print_table(result)
        return
    data = _encoded(result, output)
    if out is None:
        sys.stdout.buffer.write(data)
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        raise ConfigurationError(
            f"{out} cannot be written: {error.strerror}.", hint="Name another file."
        ) from None


def _encoded(result: "pa.Table", output: Format) -> bytes:
    import io

    sink = io.BytesIO()
    if output is Format.parquet:
        import pyarrow.parquet as pq

        pq.write_table(result, sink, compression="zstd")
    elif output is Format.csv:
        from pyarrow import csv

        csv.write_csv(result, sink)
    elif output is Format.json:
        return _json(result)
    else:
        raise typer.BadParameter("--out needs --format csv, json or parquet")
    return sink.getvalue()


def _json(result: "pa.Table") -> bytes:
    import json

    return (json.dumps(result.to_pylist(), default=str, ensure_ascii=False, indent=1) + "\n").encode()


def _print_table(result: "pa.Table") -> None:
    from rich.markup import escape
    from rich.table import Table

    from exepron_pipeline.cli.console import output

    table = Table(box=None, pad_edge=False, header_style="bold")
    for field in result.schema:
        table.add_column(field.name, overflow="fold", justify="right" if _is_number(field.type) else "left")
    for row in result.slice(0, MOST_LINES).to_pylist():
        table.add_row(*("" if value is None else escape(str(value)) for value in row.values()))
    console = output()
    console.print(table)
    if result.num_rows > MOST_LINES:
        console.print(f"{MOST_LINES} of {result.num_rows:,} rows shown; --format csv gives all.")


def _is_number(kind: "pa.DataType") -> bool:
    from pyarrow import types

    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))
