"""The rungs of this machine: room on the disk, and the warehouse with its lock."""

import shutil
from typing import TYPE_CHECKING

from exepron_pipeline.errors import WarehouseError

if TYPE_CHECKING:
    from exepron_pipeline.engine import Engine

LITTLE_SPACE = 1 << 30
"""Bytes of free disk below which a load may not find room."""


def disk(engine: "Engine") -> str:
    """Tell how much room there is.

    Raises:
        WarehouseError: Too little.

    """
    place = engine.settings.data_dir
    while not place.exists():
        place = place.absolute().parent
    free = shutil.disk_usage(place).free
    if free < LITTLE_SPACE:
        raise WarehouseError(
            f"{free >> 20:,} MiB free at {place}.", hint="Make room, or set EXEPRON_DATA_DIR."
        )
    return f"{free >> 30:,} GiB free"


def warehouse(engine: "Engine") -> str:
    """Open the writer's file, which takes its lock; raises as a sync would."""
    known = len(engine.before.watermarks)
    return f"{engine.settings.warehouse_path} opens, nobody else holds its lock; {known} watermarks"
