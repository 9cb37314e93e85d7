"""exepron-pipeline: every entity set of an Exepron account in DuckDB and Parquet.

Here: the two verbs of the library, and the version. Importing this loads neither DuckDB nor pandas nor
Dagster: each verb brings what it needs.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from exepron_pipeline.events import RunReport
    from exepron_pipeline.frames import Tables

__all__ = ["__version__", "open", "sync"]
__version__ = "0.1.0"


def open(path: "Path | str | None" = None, as_of: "datetime | str | None" = None) -> "Tables":  # noqa: A001 # read as ep.open
    """Open the published tables for analysis: see `exepron_pipeline.frames.open_tables`."""
    from exepron_pipeline.frames import open_tables  # noqa: PLC0415 # loads DuckDB

    return open_tables(path, as_of)


def sync(*entity_sets: str, full: bool = False, since: str | None = None, **settings: object) -> "RunReport":
    """Refresh entity sets, all of them when none is named: the twin of ``exepron sync``.

    Args:
        entity_sets: Names from the catalogue, such as ``projects``.
        full: Read everything, not only what changed.
        since: Read what changed since this time (ISO 8601), whatever was read before.
        settings: Settings to override, by their names in lower case.

    """
    from exepron_pipeline.sync import run  # noqa: PLC0415 # loads DuckDB and the HTTP client

    return run(*entity_sets, full=full, since=since, **settings)


class _Package(ModuleType):
    """This package: ``sync`` stays the function, also after the module of that name was imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name == "sync" and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
