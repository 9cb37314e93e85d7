"""The product, as its own program runs it: read, land, build the marts, publish, as the words on the command line say.

Everything is on: history, nested lists, counts, audits. The settings come from the environment. Not here: what is
measured around it (``benchmarks/measured.py``).
"""

import json
import sys
import time
from collections.abc import Callable

begun = time.perf_counter()

from exepron_pipeline.cli.main import _WithoutPandas  # noqa: E402 # as the program `exepron` begins

sys.meta_path.insert(0, _WithoutPandas())

from exepron_pipeline.engine import Engine, open_engine  # noqa: E402
from exepron_pipeline.events import Mode, RunReport  # noqa: E402
from exepron_pipeline.sync import sync_all  # noqa: E402


def sync(engine: Engine, mode: Mode) -> dict[str, int]:
    """Bring everything up to date; give what it came to."""
    report: RunReport = sync_all(engine, mode=mode)
    failed = [found.error for found in report.entity_sets.values() if found.error]
    if failed:
        raise SystemExit(str(failed[0]))
    sets = report.entity_sets.values()
    names = ("requests", "fetched", "inserted", "updated", "unchanged", "deleted")
    return {name: sum(getattr(found, name) for found in sets) for name in names}


def main() -> None:
    """Do the steps that are named, and tell how long each took and what came of it."""
    imported = time.perf_counter()
    told: dict[str, object] = {"imports": imported - begun}
    with open_engine() as engine:
        steps: dict[str, Callable[[], object]] = {
            "refresh": lambda: sync(engine, "incremental"),
            "full": lambda: sync(engine, "full"),
            "reconcile": lambda: sync(engine, "reconcile"),
            "marts": engine.build_marts,
            "publish": engine.publish,
        }
        for step in sys.argv[1:]:
            started = time.perf_counter()
            result = steps[step]()
            told[step] = time.perf_counter() - started
            if isinstance(result, dict) and step in {"refresh", "full", "reconcile"}:
                told |= result
    told["engine"] = time.perf_counter() - imported
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
