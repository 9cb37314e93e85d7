"""The floor: curl fetches every page and throws it away, then DuckDB parses the same pages from local files.

Nothing that lands JSON in DuckDB can be much quicker. No history, no nested table, no proof, no Parquet.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

begun = time.perf_counter()

import duckdb  # noqa: E402 # importing is a part of what is measured


def fetch(urls: Path, in_flight: int) -> None:
    """Fetch all addresses of a curl configuration."""
    command = [
        "curl",
        "--parallel",
        "--parallel-max",
        str(in_flight),
        "--silent",
        "--fail",
        "--no-progress-meter",
    ]
    subprocess.run([*command, "--config", str(urls)], check=True)  # noqa: S603 # curl, on loopback


def parse(pages: str, types: dict[str, str], target: Path) -> dict[str, object]:
    """Parse the files into a table, and check what is there."""
    with duckdb.connect(str(target)) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(
            "CREATE TABLE tasks AS SELECT * FROM read_json(?, format = 'array', columns = ?)", [pages, types]
        )
        con.execute("CHECKPOINT")
        row = con.execute("SELECT count(*), sum(taskId), sum(number0) FROM tasks").fetchall()[0]
    return dict(zip(("rows", "keys", "sum"), map(int, row), strict=True))


def main() -> None:
    """``floor.py URLS IN_FLIGHT PAGES TYPES TARGET``; no PAGES: only fetch."""
    imported, busy = time.perf_counter(), sum(os.times()[:4])
    urls, in_flight, pages, types, target = sys.argv[1:]
    fetch(Path(urls), int(in_flight))
    fetched = time.perf_counter()
    found = parse(pages, json.loads(types), Path(target)) if pages else {}
    told = {"fetch": fetched - imported, "engine": time.perf_counter() - imported}
    told |= {"engine_cpu": sum(os.times()[:4]) - busy, "imports": imported - begun}
    sys.stdout.write(json.dumps({**told, **found}) + "\n")


if __name__ == "__main__":
    main()
