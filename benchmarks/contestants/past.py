"""Three years pass: a warehouse gets the history that hourly refreshes would have left, by SQL instead of by waiting.

Each live version gets so many former ones: what changes from hour to hour are a stamp, a few numbers and an amount.
As a refresh leaves them: of each change there is the version as it was said first, no longer known, and as it is said
since, with an end.
"""

import json
import sys
import time
from pathlib import Path

from exepron_pipeline.land.warehouse import Warehouse

YEARS = 3
MOVING = {
    "modified_at": "v._from",
    "number0": "number0 + v.n",
    "number1": "(number1 * v.n) % 1000",
    "amount0": "amount0 + (v.n % 90)",
    "_row_hash": "CAST(hash(task_id, v.n) >> 1 AS BIGINT)",
    "_op": "if(v.n = 0, 'insert', 'update')",
    "_valid_from": "v._from",
    "_valid_to": "if(v.is_first_said, NULL, v._to)",
    "_known_from": "if(v.is_first_said, v._from, v._to)",
    "_known_to": "if(v.is_first_said, v._to, NULL)",
}


def main() -> None:
    """``past DATA_DIR VERSIONS``: so many versions a task, half of them as they were said first."""
    folder, versions = Path(sys.argv[1]), int(sys.argv[2])
    started = time.perf_counter()
    with Warehouse(folder / "warehouse.duckdb", folder / "state").open("age") as con:
        moved = ", ".join(f"{text} AS {name}" for name, text in MOVING.items())
        hours = YEARS * 365 * 24 / (versions // 2)
        con.execute(
            "CREATE TEMP TABLE v AS SELECT n, said = 0 AS is_first_said, "
            f"begin + to_seconds(CAST(n * {hours} * 3600 AS BIGINT)) AS _from, "
            f"begin + to_seconds(CAST((n + 1) * {hours} * 3600 AS BIGINT)) AS _to "
            f"FROM range({versions // 2}) t(n), range(2) s(said), (SELECT TIMESTAMPTZ '2022-12-01 00:00:00+00' AS begin)"
        )
        con.execute(
            f"INSERT INTO history.tasks SELECT h.* REPLACE ({moved}) FROM history.tasks h, v ORDER BY v._to, h.task_id"
        )
        [(rows,)] = con.execute("SELECT count(*) FROM history.tasks").fetchall()
        con.execute("CHECKPOINT")
    sys.stdout.write(json.dumps({"versions": rows, "engine": time.perf_counter() - started}) + "\n")


if __name__ == "__main__":
    main()
