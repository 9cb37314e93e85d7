"""Older DuckDB clients, each in an environment of its own beside the one of the tests. Not here: what they read."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(sys.prefix) / "clients"


def client(version: str) -> Path:
    """The Python of an environment with that DuckDB (``1.4``), made once; without network the test is skipped."""
    python = FOLDER / f"duckdb-{version}" / "bin" / "python"
    known = [python, "-c", f"import duckdb; assert duckdb.__version__.startswith('{version}.')"]
    if not python.exists() or subprocess.run(known, check=False, capture_output=True).returncode:
        subprocess.run([sys.executable, "-m", "venv", python.parents[1]], check=True)
        wanted = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", f"duckdb=={version}.*"]
        done = subprocess.run(wanted, check=False, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"DuckDB {version} cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    return python
