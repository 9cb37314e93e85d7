"""First load of 200,000 wide rows, everything on, against the peers and the floor."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.bounds import Figure, Found
from benchmarks.data import Data
from benchmarks.measured import Run, Runs, in_turn
from benchmarks.server import running

ROWS, PAGE = 200_000, 1_000
FACTORS = {"dlt best": (8, 12), "dlt default": (40, 60), "requests + pandas": (3, 5)}
"""So many times as fast as each peer: must, aim."""


def run(bench: Bench) -> Found:
    """Measure it."""
    data = bench.data(ROWS)
    with running(data) as url:
        folder = bench.folder("first_load")
        page = str(bench.page(PAGE))
        programs: dict[str, Callable[[], Run]] = {
            "product": partial(_product, bench, url, folder, page, ("refresh", "marts", "publish")),
            "product, land alone": partial(_product, bench, url, folder, page, ("alone",)),
            "floor": partial(bench.floor, url, data, folder, page=PAGE),
        }
        rounds = dict.fromkeys(programs, bench.rounds)
        if bench.peers:
            programs |= {
                "requests + pandas": lambda: bench.pandas(url, bench.folder("pandas"), page=PAGE),
                "dlt best": partial(_dlt, bench, "best", url, data),
            }
            rounds |= {"requests + pandas": bench.rounds, "dlt best": min(2, bench.rounds)}
        if bench.peers and bench.slow_peers:
            programs["dlt default"] = partial(_dlt, bench, "default", url, data)
            rounds["dlt default"] = 1
        runs = in_turn(programs, rounds)
    check_same(runs)
    return Found(runs, [*_against_peers(runs), *_against_floor(runs)])


def _product(bench: Bench, url: str, folder: Path, page: str, steps: tuple[str, ...]) -> Run:
    work = bench.folder(f"{folder.name}/product")
    return bench.product(bench.settings(url, work, EXEPRON_PAGE_SIZE=page), *steps, "check")


def _dlt(bench: Bench, how: str, url: str, data: Data) -> Run:
    return bench.dlt(how, url, data, bench.folder("dlt"), page=PAGE)


def check_same(runs: dict[str, Runs]) -> None:
    """Stop unless all contestants landed the same rows.

    Raises:
        SystemExit: They did not.

    """
    landed = {
        name: [run.told[part] for part in ("rows", "keys", "sum")]
        for name, each in runs.items()
        for run in each.all
    }
    if len({tuple(values) for values in landed.values()}) > 1:
        raise SystemExit(
            f"The contestants landed different rows (rows, sum of keys, sum of a number): {landed}"
        )


def _against_peers(runs: dict[str, Runs]) -> list[Figure]:
    ours = runs["product"].median(lambda run: run.seconds)
    return [
        Figure(
            f"first load, whole process, against {peer}",
            runs[peer].median(lambda run: run.seconds) / ours,
            "times as fast",
            must,
            aim,
            at_least=True,
        )
        for peer, (must, aim) in FACTORS.items()
        if peer in runs
    ]


def _against_floor(runs: dict[str, Runs]) -> list[Figure]:
    engine = {
        name: runs[name].median(lambda run: run.engine)
        for name in ("product", "product, land alone", "floor")
    }
    floor = engine["floor"]
    alone = engine["product, land alone"] / floor
    return [
        Figure("first load, engine, against the floor", engine["product"] / floor, "times", 3, 1.8),
        Figure("download, decode and land alone, against the floor", alone, "times", 2, 1.5),
    ]
