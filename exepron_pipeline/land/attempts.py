"""The last attempt at each entity set, kept outside the warehouse so that anybody may read it.

Here: ``state/last_runs.json``, which tells of failures too: a load that failed leaves nothing in the
warehouse. Not here: what was landed (``ops.loads``).
"""

import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from exepron_pipeline.events import SyncReport

FILE = "last_runs.json"


def record_attempt(state_dir: Path, load_id: str, report: SyncReport) -> None:
    """Keep what this attempt came to, in place of the former one of the same entity set."""
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    attempts = read_attempts(state_dir)
    attempts[report.entity_set] = {"load_id": load_id, "finished_at": finished, **report.as_json()}
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=state_dir, prefix=FILE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(attempts, file, indent=1)
    os.replace(name, state_dir / FILE)  # noqa: PTH105 # the name is a string


def read_attempts(state_dir: Path) -> dict[str, dict[str, Any]]:
    """Return the last attempt of each entity set; empty when there was none."""
    try:
        found: dict[str, dict[str, Any]] = json.loads((state_dir / FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return found
