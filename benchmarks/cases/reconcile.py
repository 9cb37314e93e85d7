"""Reconcile of 1,000,000 keys without a difference, against the raw download of the keys."""

from benchmarks.bench import Bench
from benchmarks.bounds import Figure, Found
from benchmarks.measured import Run, Runs, in_turn
from benchmarks.server import running

ROWS, PAGE = 1_000_000, 5_000


def run(bench: Bench) -> Found:
    """Measure it."""
    data, folder = bench.data(ROWS), bench.folder("reconcile")
    with running(data) as url:
        settings = bench.settings(url, folder, EXEPRON_PAGE_SIZE=str(bench.page(PAGE)))
        loaded = bench.product(settings, "refresh")

        def alone() -> Run:
            return bench.floor(url, data, folder, page=PAGE, parse=False, keys=True)

        alone(), bench.product(settings, "reconcile")  # the server has rendered all pages of keys then
        programs = {"reconcile": lambda: bench.product(settings, "reconcile"), "keys alone": alone}
        runs = in_turn(programs, dict.fromkeys(programs, bench.rounds))
    ratio = runs["reconcile"].median(lambda run: run.told["reconcile"]) / runs["keys alone"].median(
        lambda run: run.engine
    )
    figure = Figure("reconcile of 1,000,000 keys against their raw download", ratio, "times", 3, 2)
    return Found({"first load": Runs((loaded,)), **runs}, [figure])
