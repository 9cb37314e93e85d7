"""The product, as its own program runs it: read, land, build the marts, publish, as the words on the command line say.

Everything is on: history, nested lists, counts, audits. The settings come from the environment. Not here: what is
measured around it (``benchmarks/measured.py``).
"""

import json
import sys
import time
from collections.abc import Callable

begun = time.perf_counter()

from exepron_pipeline.lean import keep_out_pandas  # noqa: E402 # as the program `exepron` begins

keep_out_pandas()

from exepron_pipeline.engine import Engine, open_engine  # noqa: E402
from exepron_pipeline.events import Mode, RunReport  # noqa: E402
from exepron_pipeline.land import landing  # noqa: E402
from exepron_pipeline.sync import sync_all  # noqa: E402

NAMES = ("requests", "fetched", "inserted", "updated", "unchanged", "deleted")


def sync(engine: Engine, mode: Mode = "incremental") -> dict[str, int]:
    """Bring everything up to date; give what it came to."""
    report: RunReport = sync_all(engine, mode=mode)
    failed = [found.error for found in report.entity_sets.values() if found.error]
    if failed:
        raise SystemExit(str(failed[0]))
    return {name: sum(getattr(found, name) for found in report.entity_sets.values()) for name in NAMES}


def alone(engine: Engine) -> dict[str, int]:
    """Download, decode and land, without history: what the floor does besides parsing."""
    vars(landing)["write_history"] = lambda *_: None
    return sync(engine)


def check(engine: Engine) -> dict[str, int]:
    """What is in the warehouse, to be compared with what the others landed."""
    with engine.warehouse.open("check") as con:
        row = con.execute("SELECT count(*), sum(task_id), sum(number0) FROM core.tasks").fetchall()[0]
    return dict(zip(("rows", "keys", "sum"), map(int, row), strict=True))


STEPS: dict[str, Callable[[Engine], object]] = {
    "refresh": sync,
    "alone": alone,
    "full": lambda engine: sync(engine, "full"),
    "reconcile": lambda engine: sync(engine, "reconcile"),
    "marts": lambda engine: engine.build_marts(),
    "publish": lambda engine: engine.publish(),
    "check": check,
}


def main() -> None:
    """Do the steps that are named, and tell how long each took and what came of it."""
    imported = time.perf_counter()
    told: dict[str, object] = {"imports": imported - begun}
    spent, busy = {}, time.process_time()
    with open_engine() as engine:
        for step in sys.argv[1:]:
            started = time.perf_counter()
            result = STEPS[step](engine)
            spent[step] = time.perf_counter() - started
            told |= (
                result
                if step in {"refresh", "alone", "full", "reconcile", "check"} and isinstance(result, dict)
                else {}
            )
    engine_seconds = time.perf_counter() - imported - spent.get("check", 0)
    ended = {"engine": engine_seconds, "engine_cpu": time.process_time() - busy}
    sys.stdout.write(json.dumps({**told, **spent, **ended}) + "\n")


if __name__ == "__main__":
    main()
