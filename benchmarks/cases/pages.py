"""The same records in pages of 100 to 5,000, and compressed: what a service's page size costs. Nothing must hold."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.bounds import Found
from benchmarks.measured import Run, in_turn
from benchmarks.server import running

ROWS, SIZES = 200_000, (100, 500, 1_000, 5_000)


def run(bench: Bench) -> Found:
    """Measure it."""
    with running(bench.data(ROWS)) as url:
        programs = {f"{size} a page": partial(_read, bench, url, size) for size in SIZES}
        programs["1000 a page, gzip"] = partial(_read, bench, f"{url}/packed", 1_000)
        programs["1000 a page, gzip"]()  # the server compresses each page once
        return Found(in_turn(programs, dict.fromkeys(programs, min(2, bench.rounds))))


def _read(bench: Bench, url: str, size: int) -> Run:
    page = str(bench.page(size))
    return bench.product(bench.settings(url, bench.folder("pages"), EXEPRON_PAGE_SIZE=page), "alone")
