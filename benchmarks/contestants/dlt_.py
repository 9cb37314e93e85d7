"""dlt's own REST source into DuckDB, merging by key: as it comes, or with the settings that were found best for it.

Best: Parquet between its stages, two processes that normalise, large buffers.
"""

import json
import os
import sys
import time
from pathlib import Path

begun = time.perf_counter()
HOW, URL, PAGE, ROWS, FOLDER = sys.argv[1:]

BEST = {
    "NORMALIZE__WORKERS": "2",
    "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "50000",
    "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "50000",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "50000",
    "NORMALIZE__DATA_WRITER__BUFFER_MAX_ITEMS": "50000",
}


QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR", "DLT_DATA_DIR": FOLDER}
os.environ.update({**QUIET, **(BEST if HOW == "best" else {})})  # read when it is imported

import dlt  # noqa: E402
import duckdb  # noqa: E402
from dlt.sources.rest_api import rest_api_source  # noqa: E402


def main() -> None:
    """``dlt_.py best|default URL PAGE ROWS FOLDER``."""
    imported = time.perf_counter()
    offsets = {"type": "offset", "limit": int(PAGE), "offset_param": "$skip", "limit_param": "$top"}
    paging = {**offsets, "total_path": None, "maximum_offset": int(ROWS)}
    endpoint = {"path": "tasks", "data_selector": "value"}
    tasks = {"name": "tasks", "primary_key": "taskId", "write_disposition": "merge", "endpoint": endpoint}
    source = rest_api_source({"client": {"base_url": f"{URL}/", "paginator": paging}, "resources": [tasks]})
    target = Path(FOLDER) / "tasks.duckdb"
    made = {
        "destination": dlt.destinations.duckdb(str(target)),
        "dataset_name": "bench",
        "pipelines_dir": FOLDER,
    }
    pipeline = dlt.pipeline("bench", **made)
    pipeline.run(
        source, **({"loader_file_format": "parquet"} if HOW == "best" else {})
    ).raise_on_failed_jobs()
    done = time.perf_counter()
    with duckdb.connect(str(target)) as con:
        row = con.execute("SELECT count(*), sum(task_id), sum(number0) FROM bench.tasks").fetchall()[0]
    told = dict(zip(("rows", "keys", "sum"), map(float, row), strict=True))
    told |= {"engine": done - imported, "imports": imported - begun}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
