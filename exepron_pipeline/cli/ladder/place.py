"""The rungs of this machine: room on the disk, and the warehouse with its lock."""

import shutil
from typing import TYPE_CHECKING

from exepron_pipeline.cli.ladder.rung import Rung, bad, note
from exepron_pipeline.errors import WarehouseError

if TYPE_CHECKING:
    from exepron_pipeline.engine import Engine

LITTLE_SPACE = 1 << 30
"""Bytes of free disk below which a large load may not find room."""
TOO_LITTLE = 64 << 20
"""Bytes of free disk below which hardly any load does."""
_CURE = "Make room, or set EXEPRON_DATA_DIR."


def disk(engine: "Engine") -> Rung:
    """Tell how much room there is; too little where not even the copy that is published would fit."""
    place = engine.settings.data_dir
    while not place.exists():
        place = place.absolute().parent
    free = shutil.disk_usage(place).free
    written = engine.settings.warehouse_path
    needed = max(TOO_LITTLE, written.stat().st_size if written.exists() else 0)
    if free < needed:
        text = (
            f"{free >> 20:,} MiB free at {place}; a load and its snapshot need {needed >> 20:,} MiB or more."
        )
        return bad("disk", WarehouseError(text, hint=_CURE))
    if free < LITTLE_SPACE:
        return note("disk", f"{free >> 20:,} MiB free at {place}, little for a large account", _CURE)
    return Rung("disk", f"{free >> 30:,} GiB free at {place}")


def warehouse(engine: "Engine") -> str:
    """Open the writer's file, which takes its lock; raises as a sync would."""
    known = len(engine.before.watermarks)
    return f"{engine.settings.warehouse_path} opens, nobody else holds its lock; {known} watermarks"
