"""What is left of former states: bytes in the writer's file, kept snapshots, old versions of Parquet. Here: no more of it.

Not here: taking something out of the tables (``land/policy.py``).
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from exepron_pipeline.land.warehouse import Warehouse
from exepron_pipeline.publish.files import flush, put_in_place
from exepron_pipeline.publish.kept import list_kept
from exepron_pipeline.publish.parquet import CURRENT, VERSIONS
from exepron_pipeline.publish.replace import replace
from exepron_pipeline.publish.rewrite import copy_database

UNFINISHED = "policy.unfinished"
"""File in the state folder: names of entity sets that were brought under another policy, while bytes of them are left."""


class Unfinished:
    """The entity sets of which bytes may be left; a run that was killed meanwhile leaves them to the next one.

    Args:
        state_dir: The state folder.

    """

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / UNFINISHED

    def names(self) -> list[str]:
        """Names of the entity sets, none when all is done."""
        return self._path.read_text(encoding="utf-8").split() if self._path.exists() else []

    def add(self, names: Iterable[str]) -> None:
        """Note more of them: durably, before the change of their tables is committed."""
        draft = self._path.with_suffix(".new")
        draft.write_text("\n".join(sorted({*self.names(), *names})), encoding="utf-8")
        flush(draft)
        put_in_place(draft, self._path)

    def done(self) -> None:
        """All that was left is gone."""
        self._path.unlink(missing_ok=True)


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
