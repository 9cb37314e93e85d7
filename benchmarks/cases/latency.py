"""200 pages from far away: 100 ms an answer, 8 in flight; by next links only; and 20 ms."""

from functools import partial

from benchmarks.bench import IN_FLIGHT, Bench
from benchmarks.bounds import Figure, Found
from benchmarks.data import Data
from benchmarks.measured import Run, in_turn
from benchmarks.server import running

ROWS, PAGE = 200_000, 1_000


def run(bench: Bench) -> Found:
    """Measure it."""
    data, rounds = bench.data(ROWS), min(2, bench.rounds)
    distances = {
        "0 ms": (0.0, False),
        "20 ms": (0.02, False),
        "100 ms": (0.1, False),
        "100 ms, next links": (0.1, True),
    }
    programs = {
        name: partial(_read, bench, data, latency, links=links)
        for name, (latency, links) in distances.items()
    }
    runs = in_turn(programs, dict.fromkeys(programs, rounds))
    engine = {name: found.median(lambda run: run.told["alone"]) for name, found in runs.items()}
    pages = data.rows / bench.page(PAGE)
    least = max(pages * 0.1 / IN_FLIGHT, engine["0 ms"])
    return Found(
        runs,
        [
            Figure("100 ms away, against the line or the work", engine["100 ms"] / least, "times", 1.5, 1.2),
            Figure(
                "next links only, against pages x latency",
                engine["100 ms, next links"] / (pages * 0.1),
                "times",
                1.15,
                1.1,
            ),
        ],
    )


def _read(bench: Bench, data: Data, latency: float, *, links: bool) -> Run:
    with running(data, latency=latency, links=links) as url:
        page = str(bench.page(PAGE))
        return bench.product(bench.settings(url, bench.folder("latency"), EXEPRON_PAGE_SIZE=page), "alone")
