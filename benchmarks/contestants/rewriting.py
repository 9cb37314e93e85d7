"""DuckDB alone writes the tables of the records as Parquet, as publishing would have to: what that costs at least."""

import json
import sys
import time

import duckdb

TABLES = ("core.tasks", "core.tasks__resources", "history.tasks", "history.tasks__resources")


def main() -> None:
    """``rewriting.py SNAPSHOT FOLDER``."""
    snapshot, folder = sys.argv[1:]
    with duckdb.connect(snapshot, read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'; SET memory_limit = '512MB'")
        started = time.perf_counter()
        for table in TABLES:
            con.execute(f"COPY {table} TO '{folder}/{table}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    sys.stdout.write(json.dumps({"engine": time.perf_counter() - started}) + "\n")


if __name__ == "__main__":
    main()
