"""Three years of hourly refreshes on 20,000 live tasks, some 20,000,000 versions: one more refresh, and its publishing."""

import sys

from benchmarks.bench import Bench
from benchmarks.bounds import Figure, Found
from benchmarks.measured import Runs, measured
from benchmarks.server import running

TASKS, VERSIONS = 20_000, 1_000


def run(bench: Bench) -> Found:
    """Measure it."""
    folder, tasks = bench.folder("history"), max(bench.rows(TASKS), 200)
    with running(bench.data(TASKS)) as url:
        settings = bench.settings(url, folder)
        bench.product(settings, "refresh")
    words = ("benchmarks.contestants.past", str(folder / "data"), str(max(10, int(VERSIONS * bench.scale))))
    aged = measured([sys.executable, "-m", *words], settings)
    with running(bench.data(TASKS, changed=True), like=url):
        published = bench.product(settings, "publish")
        settled = bench.product(settings, "full", "publish")
    with running(bench.data(TASKS), like=url):
        one_more = bench.product(settings, "full", "publish")
    runs = {
        "three years pass": aged,
        "first publish": published,
        "refresh and publish": settled,
        "one more": one_more,
    }
    told, size = one_more.told, (folder / "data" / "exepron.duckdb").stat().st_size / 1e9
    return Found(
        {name: Runs((each,)) for name, each in runs.items()},
        [
            Figure(f"one more refresh of {tasks:,} tasks after three years", told["full"], "s", 6, 3),
            Figure(f"its publishing, {size:.1f} GB on ext4", told["publish"], "s", 5, 3),
            Figure("its peak memory", one_more.memory, "MB", 1000, 650),
        ],
    )
