"""A database file written anew, so that nothing of what was taken out of it stays in its bytes.

Here: the copy, in a format that old DuckDB versions read. Not here: what is taken out (``exclusions.py``,
``forget/``), and putting the writer's file in place (``replace.py``).
"""

from collections.abc import Callable
from pathlib import Path

import duckdb

from exepron_pipeline.land.attach import attach
from exepron_pipeline.land.limits import limits
from exepron_pipeline.land.sql import text
from exepron_pipeline.publish.files import put_in_place, spill_folder


def rewrite(path: Path, change: Callable[[duckdb.DuckDBPyConnection], object]) -> None:
    """Change the file at ``path``, then write all that is left to a new file in its place.

    In a file that is only changed, the bytes of what was dropped stay behind.

    Args:
        path: A database that nobody else has open.
        change: Is given a connection whose current database it is.

    """
    fresh = path.with_name(f"{path.name}.rewritten")
    copy_database(path, fresh, change)
    put_in_place(fresh, path)


def copy_database(
    source: Path,
    target: Path,
    change: Callable[[duckdb.DuckDBPyConnection], object] | None = None,
) -> None:
    """Write everything that ``source`` holds to a new file; every block of it is read on the way.

    Args:
        source: A database; changed when ``change`` is given, else only read.
        target: A file to make.
        change: As in `rewrite`.

    """
    to_read = f"ATTACH {text(str(source))} AS source (READ_ONLY)"
    with duckdb.connect(config={**limits(), "temp_directory": str(spill_folder())}) as con:
        con.execute(f"{attach(source, 'source') if change else to_read}; USE source; SET TimeZone = 'UTC'")
        if change:
            change(con)
        con.execute(attach(target, "target", new=True))
        con.execute("COPY FROM DATABASE source TO target; USE memory; DETACH target; DETACH source")
