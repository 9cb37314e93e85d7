"""What the shortest verbs cost: processor time of ``exepron --help`` and ``exepron status``."""

import sys
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.bounds import Figure, Found
from benchmarks.measured import in_turn, measured
from benchmarks.server import running


def run(bench: Bench) -> Found:
    """Measure it."""
    program = str(Path(sys.executable).parent / "exepron")
    with running(bench.data(2_000)) as url:
        settings = bench.settings(url, bench.folder("start"))
        bench.product(settings, "refresh", "publish")
        programs = {
            "exepron --help": lambda: measured([program, "--help"], settings),
            "exepron status": lambda: measured([program, "status"], settings),
        }
        runs = in_turn(programs, dict.fromkeys(programs, 2 * bench.rounds + 1))
    bounds = {"exepron --help": (0.5, 0.25), "exepron status": (0.8, 0.5)}
    figures = [
        Figure(f"{name}: processor time", runs[name].median(lambda run: run.cpu), "s", must, aim)
        for name, (must, aim) in bounds.items()
    ]
    return Found(runs, figures)
