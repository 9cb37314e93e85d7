"""The other end of ``killed.py``: orders runs, and looks at what they left. Not here: expectations."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

SCRIPT = Path(__file__).with_name("killed.py")
OURS = "_load_id, _loaded_at, _deleted_at"
VERSION = "_load_id, _valid_from, _valid_to, _known_from, _known_to"


@dataclass
class Killer:
    """Runs the engine in processes that may be killed."""

    process: subprocess.Popen[str]
    environment: dict[str, str]
    names: Sequence[str]

    def run(self, folder: Path, action: str, **more: float | str | None) -> dict[str, Any]:
        """Run an action on a data folder, to its end or to a point; where that was is told as far as it is known."""
        settings = {name.removeprefix("EXEPRON_").lower(): text for name, text in self.environment.items()}
        settings["data_dir"] = str(folder)
        return self._told({"action": action, "names": self.names, "settings": settings, **more})

    def shell(self, command: str) -> None:
        """Run a command where the runs are."""
        assert self._told({"shell": command}) == {"code": 0}, command

    def _told(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{json.dumps(order)}\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found

    @staticmethod
    def files(folder: Path) -> set[str]:
        """The files of a data folder, but for raw pages of the spool, and names that no two runs share."""
        found = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
        return {path for path in found if not path.startswith(("state/spool/2", "parquet/.versions/"))}

    @staticmethod
    def content(folder: Path) -> dict[str, Any]:
        """What a warehouse holds, but for the names and times of loads."""
        with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as con:
            tables = con.sql(
                "SELECT schema_name, table_name FROM duckdb_tables() "
                "WHERE schema_name IN ('core', 'history') ORDER BY ALL"
            ).fetchall()
            found: dict[str, Any] = {
                f"{schema}.{table}": _print(con, schema, table) for schema, table in tables
            }
            marks = "SELECT entity_set, account_id, epoch_us(watermark) FROM ops.watermarks ORDER BY ALL"
            return found | {"ops.watermarks": con.sql(marks).fetchall()}


def _print(con: Any, schema: str, table: str) -> tuple[Any, ...]:
    """A fingerprint of all rows; each of them counts, also one that is there twice."""
    is_child = "__" in table
    ended = "_valid_to IS NULL AS a, _known_to IS NULL AS b"
    ours = "_load_id, _loaded_at" if is_child else OURS
    deleted = "0 AS a" if is_child else "_deleted_at IS NULL AS a"
    chosen = f"* EXCLUDE ({VERSION}), {ended}" if schema == "history" else f"* EXCLUDE ({ours}), {deleted}"
    sql = f"SELECT count(*), sum(hash(t)::HUGEINT)::VARCHAR FROM (SELECT {chosen} FROM {schema}.{table}) t"
    return tuple(con.sql(sql).fetchall()[0])


@contextmanager
def killer_for(lab: Any, names: Sequence[str], *, before: Sequence[str] = ()) -> Iterator[Killer]:
    """Start the process that forks; ``before`` is a command that starts it, such as ``unshare -m``."""
    command = [*before, sys.executable, str(SCRIPT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Killer(process, lab.environment, names)
        assert process.stdin
        process.stdin.close()
