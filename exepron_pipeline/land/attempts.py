"""The last attempt at each entity set, kept outside the warehouse so that anybody may read it.

Here: ``state/last_runs.json``, which tells of failures too: a load that failed leaves nothing in the
warehouse. Not here: what was landed (``ops.loads``).
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from exepron_pipeline.auth.private import private_folder, unusable
from exepron_pipeline.events import SyncReport

FILE = "last_runs.json"


def record_attempt(state_dir: Path, load_id: str, report: SyncReport) -> None:
    """Keep what this attempt came to, in place of the former one of the same entity set.

    Raises:
        WarehouseError: It cannot be written; what was there stays.

    """
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    attempt = {"load_id": load_id, "finished_at": finished, **report.as_json()}
    path = state_dir / FILE
    try:
        private_folder(state_dir)
        with FileLock(path.with_suffix(".lock"), mode=0o600):
            new = path.with_suffix(".new")
            new.touch(mode=0o600)
            new.write_text(json.dumps(read_attempts(state_dir) | {report.entity_set: attempt}), "utf-8")
            new.replace(path)
    except OSError as error:
        raise unusable(path, error) from error


def read_attempts(state_dir: Path) -> dict[str, dict[str, Any]]:
    """Return the last attempt of each entity set; empty when there was none."""
    try:
        found: dict[str, dict[str, Any]] = json.loads((state_dir / FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return found
