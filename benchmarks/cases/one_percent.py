"""1 % of 1,000,000 rows changed: one refresh, and its publishing, on a settled file."""

from benchmarks.bench import Bench
from benchmarks.bounds import Figure, Found
from benchmarks.measured import Runs
from benchmarks.server import running

ROWS = 1_000_000


def run(bench: Bench) -> Found:
    """Measure it."""
    folder = bench.folder("one_percent")
    with running(bench.data(ROWS)) as url:
        settings = bench.settings(url, folder)
        bench.product(settings, "refresh", "publish")
        bench.product(settings, "refresh", "publish")  # the first checkpoint after a load tidies: once
    with running(bench.data(ROWS, changed=True), like=url):
        changed = bench.product(settings, "refresh", "publish")
    rewriting = bench.rewriting(folder)
    gigabytes = (folder / "data" / "exepron.duckdb").stat().st_size / 1e9
    limit = 1.5 * gigabytes + 1.2 * rewriting.engine
    told = changed.told
    return Found(
        {"refresh and publish": Runs((changed,)), "rewriting the touched Parquet alone": Runs((rewriting,))},
        [
            Figure("refresh after 1 % of 1,000,000 rows changed", told["refresh"], "s", 1.5, 0.7),
            Figure("publish after it", told["publish"], "s", limit, limit / 2),
        ],
    )
