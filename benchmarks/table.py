"""How results are shown and kept. Not here: what they mean (``bounds.py``)."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.bounds import Found


def show(found: Found) -> None:
    """Print a case: a line for each contestant, a line for each figure."""
    out = sys.stdout.write
    for name, runs in found.runs.items():
        row = runs.as_json()
        out(
            f"  {name:38} {row['seconds']:>8} s  engine {row['engine_seconds']:>8} s  cpu {row['cpu_seconds']:>7} s"
            f"  {row['memory_mb']:>6} MB  spread {row['spread']:>5.0%} of {row['runs']}\n"
        )
    for figure in found.figures:
        sense = "at least" if figure.at_least else "at most"
        out(
            f"  {figure.verdict:6} {figure.what}: {figure.value:.2f} {figure.unit}"
            f" ({sense} {figure.must:.3g}, aim {figure.aim:.3g})\n"
        )
    sys.stdout.flush()


def save(path: Path, about: Mapping[str, str], case: str, found: Found) -> None:
    """Keep a case in the file of results; results of another machine or scale are dropped."""
    known = json.loads(path.read_text()) if path.exists() else {}
    same = {name: known.get("about", {}).get(name) for name in ("machine", "scale")}
    cases = known.get("cases", {}) if all(same[name] == about[name] for name in same) else {}
    cases[case] = {"at": about["at"], **found.as_json()}
    path.write_text(json.dumps({"about": about, "cases": cases}, indent=1) + "\n")
