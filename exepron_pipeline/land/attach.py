"""How database files are attached to be written: in which format, and in pieces of which size. Not here: which files."""

from pathlib import Path

from exepron_pipeline.land.sql import name, text

STORAGE_VERSION = "v1.0.0"
"""Storage format of every file: DuckDB 1.0 and later read it."""
ROWS = 30_720
"""Rows of a row group, a quarter of what DuckDB would take: both cores have work of shorter tables, and less waits in memory.

It is not kept in the file. Whoever attaches it otherwise has its row groups joined to larger ones at the end, which takes
as long as writing them did.
"""


def attach(path: Path, alias: str, *, new: bool = False) -> str:
    """SQL that attaches a database file to be written, ``new`` when it is to be made."""
    format_ = f"STORAGE_VERSION '{STORAGE_VERSION}', " if new else ""
    return f"ATTACH {text(str(path))} AS {name(alias)} ({format_}ROW_GROUP_SIZE {ROWS})"
