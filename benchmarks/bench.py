"""What all cases share: sizes, folders, the product's settings, and the programs ready to be run.

Not here: measuring (``measured.py``) and what must hold (``cases/``).
"""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data import Data, catalogue
from benchmarks.measured import Run, measured
from benchmarks.peers import CACHE, python_of

SIZES = {"full": 1.0, "small": 0.005}
IN_FLIGHT = 8
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Bench:
    """One benchmark.

    Args:
        scale: 1 for the sizes that the bounds speak of, less for a quick look.
        rounds: How often each contestant runs.
        peers: Run the peers too.
        slow_peers: Run also the one that takes minutes.

    """

    scale: float = 1.0
    rounds: int = 3
    peers: bool = True
    slow_peers: bool = True

    def rows(self, wanted: int) -> int:
        """So many rows, to this scale."""
        return max(200, int(wanted * self.scale))

    def page(self, wanted: int) -> int:
        """So many records a page, to this scale."""
        return max(10, int(wanted * self.scale))

    def data(self, rows: int, *, changed: bool = False) -> Data:
        """Records, made where they are not there yet; ``rows`` is before scaling."""
        return Data(CACHE / "records", self.rows(rows), changed).make()

    def folder(self, name: str, *, fresh: bool = True) -> Path:
        """A folder to work in."""
        folder = CACHE / "work" / name
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def settings(self, url: str, folder: Path, *, sets: int = 1, **more: str) -> dict[str, str]:
        """The product's environment: nothing of the caller's own settings, no rate limit, 8 in flight."""
        path = folder / "catalogue.yaml"
        path.write_text(catalogue(sets))
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("EXEPRON_", "DAGSTER_"))
        }
        clean.pop("PYTHONDONTWRITEBYTECODE", None)
        who = {"EXEPRON_IDENTITY_URL": url, "EXEPRON_TOKEN": "x" * 800, "EXEPRON_ACCOUNTS": "1"}
        what = {"EXEPRON_API_URL": url, "EXEPRON_GENERATION": "odata4", "EXEPRON_CATALOGUE": str(path)}
        how = {
            "EXEPRON_DATA_DIR": str(folder / "data"),
            "EXEPRON_CONCURRENCY": str(IN_FLIGHT),
            "EXEPRON_RATE": "0",
        }
        return {**clean, **who, **what, **how, **more}

    def product(self, settings: dict[str, str], *steps: str) -> Run:
        """Run the product."""
        return measured([sys.executable, "-m", "benchmarks.contestants.product", *steps], settings)

    def rewriting(self, folder: Path) -> Run:
        """Write the Parquet files of the records' tables anew, and nothing else."""
        program = str(HERE / "contestants" / "rewriting.py")
        return measured(
            [sys.executable, program, str(folder / "data" / "exepron.duckdb"), str(folder)], os.environ
        )

    def floor(
        self, url: str, data: Data, folder: Path, *, page: int = 1_000, parse: bool = True, keys: bool = False
    ) -> Run:
        """Run the floor; ``page`` is before scaling, ``keys`` fetches keys and stamps alone."""
        size = self.page(page)
        urls, options = folder / "urls.txt", "&$select=taskId,modifiedAt" if keys else ""
        lines = [
            f'url = "{url}/tasks?bare=1&$top={size}&$skip={skip}{options}"\noutput = "/dev/null"\n'
            for skip in range(0, data.rows, size)
        ]
        urls.write_text("".join(lines))
        pages = str(folder / "pages" / "*.json") if parse else ""
        if parse:
            _write_pages(data, folder / "pages", size)
        target = folder / "floor.duckdb"
        target.unlink(missing_ok=True)
        words = [str(urls), str(IN_FLIGHT), pages, json.dumps(_TYPES), str(target)]
        return measured([sys.executable, str(HERE / "contestants" / "floor.py"), *words], os.environ)

    def pandas(self, url: str, folder: Path, *, page: int = 1_000) -> Run:
        """Run requests and pandas."""
        program = str(HERE / "contestants" / "pandas_.py")
        return measured([python_of("pandas"), program, url, str(self.page(page)), str(folder)], os.environ)

    def dlt(self, how: str, url: str, data: Data, folder: Path, *, page: int = 1_000) -> Run:
        """Run dlt, ``best`` or ``default``."""
        program, shape = str(HERE / "contestants" / "dlt_.py"), (str(self.page(page)), str(data.rows))
        return measured([python_of("dlt"), program, how, url, *shape, str(folder)], os.environ)


_TYPES = {"taskId": "BIGINT", "projectId": "BIGINT", "name": "VARCHAR", "modifiedAt": "TIMESTAMPTZ"}
_TYPES |= {f"text{i}": "VARCHAR" for i in range(7)} | {f"number{i}": "BIGINT" for i in range(8)}
_TYPES |= {f"amount{i}": "DECIMAL(12,2)" for i in range(5)} | {f"stamp{i}": "TIMESTAMPTZ" for i in range(6)}
_TYPES |= {f"flag{i}": "BOOLEAN" for i in range(4)} | {"status": "STRUCT(code BIGINT, name VARCHAR)"}
_TYPES |= {"resources": 'STRUCT("resourceId" BIGINT, name VARCHAR, load DOUBLE)[]', "note": "VARCHAR"}


def _write_pages(data: Data, folder: Path, size: int) -> None:
    """The pages as local files, lists without envelope; kept from round to round."""
    if folder.exists():
        return
    folder.mkdir()
    ends = data.ends
    with data.path.open("rb") as file:
        for number, begin in enumerate(range(0, data.rows, size)):
            first = ends[begin - 1] + 1 if begin else 0
            file.seek(first)
            text = file.read(ends[min(begin + size, data.rows) - 1] - first)
            (folder / f"{number:06}.json").write_bytes(b"[" + text + b"]")
