"""``exepron restore``: the writer's file anew, from what was published."""

from pathlib import Path
from typing import Annotated

import typer


def restore(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FROM", help="A snapshot (exepron.duckdb, snapshots/LOAD.duckdb), or parquet."
        ),
    ],
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Also when the warehouse is good: it is put aside then.")
    ] = False,
) -> None:
    """Rebuild the warehouse from a snapshot or Parquet, with its history and watermarks."""
    from exepron_pipeline.land.warehouse import Warehouse
    from exepron_pipeline.publish.restore import restore as restore_from
    from exepron_pipeline.settings import load_settings

    settings = load_settings()
    warehouse = Warehouse(settings.warehouse_path, settings.state_dir)
    found = restore_from(warehouse, settings, source, force=force)
    print(f"Restored from {source}: {found.rows:,} rows as of load {found.load_id} ({found.landed_at}).")
    if found.aside:
        print(f"The former file is {found.aside}; delete it when it is no longer needed.")
    if found.reread:
        print(
            f"That copy was published without some columns: the next sync reads {', '.join(found.reread)} whole."
        )
        print("What these columns held in former versions is lost.")
    print("Next: exepron sync, then exepron publish.")
