"""``exepron publish``: build the marts, publish the analysts' snapshot and Parquet."""

from typing import Annotated

import typer


def publish(
    *,
    keep: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Keep this snapshot when newer ones are published, and N of them in all."
        ),
    ] = 0,
) -> None:
    """Build the marts, then publish the snapshot and the Parquet files."""
    from exepron_pipeline.cli.console import output
    from exepron_pipeline.engine import open_engine
    from exepron_pipeline.summary import mart_table

    with open_engine() as engine:
        output().print(mart_table(engine.build_marts()))
        published = engine.publish(keep=keep)
    print(f"Snapshot: {published.snapshot} ({len(published.tables)} tables, load {published.load_id})")
    print(f"Parquet:  {published.parquet}")
