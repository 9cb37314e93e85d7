"""What is left of former states: bytes in the writer's file, kept snapshots, old versions of Parquet. Here: no more of it.

Not here: taking something out of the tables (``land/policy.py``).
"""

import shutil
from pathlib import Path

from exepron_pipeline.land import Warehouse
from exepron_pipeline.publish.kept import list_kept
from exepron_pipeline.publish.parquet import CURRENT, VERSIONS
from exepron_pipeline.publish.replace import replace
from exepron_pipeline.publish.rewrite import copy_database


def write_anew(warehouse: Warehouse) -> None:
    """Write what the tables hold into a new file in the place of the writer's: bytes of what was dropped go.

    Raises:
        WarehouseBusyError: Another process holds it.
        WarehouseError: The folder or the file cannot be used.

    """
    with warehouse.held("write the file anew"):
        warehouse.settle()
        copy_database(warehouse.path, warehouse.draft)
        replace(warehouse)


def drop_former(snapshot: Path, parquet: Path) -> None:
    """Delete kept snapshots, and all versions of Parquet but the current one."""
    for kept in list_kept(snapshot).values():
        kept.unlink()
    versions, current = parquet / VERSIONS, (parquet / CURRENT).resolve()
    for version in versions.iterdir() if versions.is_dir() else ():
        if version.resolve() != current:
            shutil.rmtree(version)
