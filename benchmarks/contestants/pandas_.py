"""What many write first: requests, one page after the other, ``pandas.json_normalize``, then DuckDB and Parquet."""

import json
import sys
import time
from pathlib import Path

begun = time.perf_counter()

import duckdb  # noqa: E402 # importing is a part of what is measured
import pandas as pd  # noqa: E402
import requests  # noqa: E402


def main() -> None:
    """``pandas_.py URL PAGE FOLDER``."""
    imported = time.perf_counter()
    url, page, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    records: list[dict[str, object]] = []
    with requests.Session() as session:
        while True:
            options = {"$top": str(page), "$skip": str(len(records))}
            answer = session.get(f"{url}/tasks", params=options, timeout=60)
            answer.raise_for_status()
            came = answer.json()["value"]
            records += came
            if len(came) < page:
                break
    frame = pd.json_normalize(records)
    frame.to_parquet(folder / "tasks.parquet", compression="zstd")
    with duckdb.connect(str(folder / "tasks.duckdb")) as con:
        con.register("frame", frame)
        con.execute("CREATE TABLE tasks AS FROM frame")
        row = con.execute("SELECT count(*), sum(taskId), sum(number0) FROM tasks").fetchall()[0]
    told = dict(zip(("rows", "keys", "sum"), map(float, row), strict=True))
    told |= {"engine": time.perf_counter() - imported, "imports": imported - begun}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
