"""25 small entity sets, 20 ms away, of which nothing changed: the refresh of every hour; and Dagster around it."""

import shutil
import sys

from benchmarks.bench import HERE, Bench
from benchmarks.bounds import Figure, Found
from benchmarks.measured import Run, in_turn, measured
from benchmarks.server import running

SETS, ROWS, LATENCY = 25, 2_000, 0.02


def run(bench: Bench) -> Found:
    """Measure it."""
    folder = bench.folder("small_sets")
    with running(bench.data(ROWS), latency=LATENCY) as url:
        home = bench.folder("small_sets/dagster")
        shutil.copy(HERE.parent / "dagster_home" / "dagster.yaml", home)
        settings = bench.settings(url, folder, sets=SETS, DAGSTER_HOME=str(home))
        bench.product(settings, "refresh", "marts", "publish")

        def dagster() -> Run:
            return measured([sys.executable, "-m", "exepron_pipeline.orchestration.run"], settings)

        programs = {
            "engine": lambda: bench.product(settings, "refresh", "marts", "publish"),
            "through Dagster": dagster,
        }
        runs = in_turn(programs, dict.fromkeys(programs, bench.rounds))
    engine, dagster_ = runs["engine"], runs["through Dagster"]
    overhead = dagster_.median(lambda run: run.seconds) - engine.median(lambda run: run.seconds)
    requests = engine.median(lambda run: run.told["requests"]) / SETS
    refresh = engine.median(lambda run: run.told["refresh"])
    return Found(
        runs,
        [
            Figure("nothing changed in 25 sets, 20 ms away: engine", refresh, "s", 1.5, 0.8),
            Figure("the same: requests a set", requests, "requests", 2, 1),
            Figure("the same through Dagster: more than the engine alone", overhead, "s", 6, 5),
        ],
    )
