"""One run of one program, measured from outside: seconds, processor seconds, peak memory, and what it told.

Not here: which programs (``cases/``) and what their figures mean (``bounds.py``).
"""

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any


@dataclass(frozen=True)
class Run:
    """``seconds`` from start to exit; ``cpu`` of the process and its children; ``memory`` in MB, of the largest of them."""

    seconds: float
    cpu: float
    memory: float
    told: Mapping[str, Any]

    @property
    def engine(self) -> float:
        """Seconds after imports, by the program's own clock; the whole where it tells none."""
        return float(self.told.get("engine", self.seconds))


def measured(command: Sequence[str], env: Mapping[str, str]) -> Run:
    """Run a program whose last line of output is a JSON object, or none.

    Raises:
        SystemExit: It failed; what it wrote to standard error is shown.

    """
    os.sync()  # what the run before left for the disk is none of this one's
    began = time.perf_counter()
    with (
        TemporaryFile() as errors,
        subprocess.Popen(command, env=dict(env), stdout=subprocess.PIPE, stderr=errors) as process,  # noqa: S603 # ours
    ):
        output = process.stdout.read() if process.stdout else b""
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        said = errors.read().decode(errors="replace")
    if process.returncode:
        raise SystemExit(f"{' '.join(command)[:200]} ended with {process.returncode}:\n{said[-2000:]}")
    last = output.decode().strip().rpartition("\n")[2]
    told = json.loads(last) if last.startswith("{") else {}
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, told)


@dataclass(frozen=True)
class Runs:
    """Several runs of the same, and their middle."""

    all: tuple[Run, ...]

    def median(self, value: Callable[[Run], float]) -> float:
        """The median of a value of the runs."""
        return statistics.median(map(value, self.all))

    @property
    def spread(self) -> float:
        """Largest minus smallest time, as a share of the median."""
        seconds = [run.seconds for run in self.all]
        return (max(seconds) - min(seconds)) / statistics.median(seconds)

    def as_json(self) -> dict[str, object]:
        """Medians, spread, and what the last run told."""
        return {
            "seconds": round(self.median(lambda run: run.seconds), 3),
            "engine_seconds": round(self.median(lambda run: run.engine), 3),
            "cpu_seconds": round(self.median(lambda run: run.cpu), 3),
            "memory_mb": round(max(run.memory for run in self.all)),
            "spread": round(self.spread, 3),
            "runs": len(self.all),
            "told": dict(self.all[-1].told),
        }


def in_turn(programs: Mapping[str, Callable[[], Run]], rounds: Mapping[str, int]) -> dict[str, Runs]:
    """Run all programs, one after the other, in rounds, so that a slow minute meets all of them alike.

    Args:
        programs: What runs each once, by name.
        rounds: How often each runs.

    """
    found: dict[str, list[Run]] = {name: [] for name in programs}
    for number in range(max(rounds.values())):
        for name, run in programs.items():
            if number < rounds[name]:
                found[name].append(run())
    return {name: Runs(tuple(runs)) for name, runs in found.items()}
