"""``python -m benchmarks [--cases NAME ...] [--scale full|small] [--rounds N] [--no-peers]``: what ``make bench`` runs."""

import argparse
import importlib
import os
import platform
import sys
from datetime import UTC, datetime

from benchmarks.bench import HERE, SIZES, Bench
from benchmarks.table import save, show

CASES = (
    "start", "first_load", "growth", "one_percent", "history", "small_sets", "latency", "reconcile", "pages",
)  # fmt: skip


def machine() -> str:
    """What it runs on, in one line."""
    cpu = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 # no file of ours
            cpu = next(
                (line.partition(":")[2].strip() for line in file if line.startswith("model name")), cpu
            )
    except OSError:
        pass  # not Linux: the architecture has to do
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores of {cpu}, {memory:.0f} GB, Python {platform.python_version()}"


def main() -> None:
    """Run the chosen cases; exit with 1 when a bound is missed at full scale."""
    parser = argparse.ArgumentParser(
        prog="benchmarks", description="The product beside its peers and the floor."
    )
    parser.add_argument("--cases", default="", help=f"any of {' '.join(CASES)}; all when empty")
    parser.add_argument(
        "--scale", choices=SIZES, default="full", help="small: a quick look, whose figures say little"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--peers", choices=("all", "quick", "no"), default="all", help="quick: without dlt's default"
    )
    options = parser.parse_args()
    names = [name.replace("-", "_") for name in options.cases.split()] or list(CASES)
    unknown = set(names) - set(CASES)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: there is no such case. There are: {' '.join(CASES)}")
    bench = Bench(SIZES[options.scale], options.rounds, options.peers != "no", options.peers == "all")
    about = {"machine": machine(), "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}Z", "scale": options.scale}
    results = HERE / "results.json"
    missed = 0
    for name in names:
        sys.stdout.write(f"\n{name}: load {os.getloadavg()[0]:.1f} before it\n")
        found = importlib.import_module(f"benchmarks.cases.{name}").run(bench)
        save(results, about, name, found)
        show(found)
        missed += sum(figure.verdict == "MISSED" for figure in found.figures)
    sys.stdout.write(f"\n{about['machine']}. Written to {results.name}; {missed} bounds missed.\n")


if __name__ == "__main__":
    main()
