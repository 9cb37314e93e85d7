"""Does time stay in proportion, and memory where it is, from 200,000 to 5,000,000 rows?"""

from benchmarks.bench import Bench
from benchmarks.bounds import Figure, Found
from benchmarks.measured import Run, Runs
from benchmarks.server import running

STEPS = (200_000, 1_000_000, 5_000_000)


def run(bench: Bench) -> Found:
    """Measure it."""
    runs = {f"{rows:,} rows": Runs((_load(bench, rows),)) for rows in STEPS}
    each = {rows: runs[f"{rows:,} rows"].all[0] for rows in STEPS}
    paces = [each[rows].engine / bench.rows(rows) for rows in STEPS]
    memory = [each[rows].memory for rows in STEPS]
    return Found(
        runs,
        [
            Figure("time a row at 5,000,000 rows against 200,000", paces[-1] / paces[0], "times", 1.15, 1.0),
            Figure("peak memory", max(memory), "MB", 650, 450),
            Figure("peak memory, last against first", memory[-1] / memory[0], "times", 1.35, 1.1),
        ],
    )


def _load(bench: Bench, rows: int) -> Run:
    data = bench.data(rows)
    with running(data) as url:
        return bench.product(bench.settings(url, bench.folder("growth")), "refresh", "marts", "publish")
