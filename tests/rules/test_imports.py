"""What an import may cost."""

import json
import subprocess
import sys

import pytest

HEAVY = {"dagster", "pandas", "duckdb", "pyarrow", "httpx", "starlette"}


def loaded_by(code: str) -> set[str]:
    """Modules of interest that running ``code`` in a fresh interpreter has imported."""
    script = f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return HEAVY & set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_the_package_is_light():
    """`import exepron_pipeline` loads none of the heavy libraries."""
    assert loaded_by("import exepron_pipeline") == set()


def test_the_command_line_starts_light():
    """`exepron --help` waits for no heavy library."""
    assert loaded_by("import exepron_pipeline.cli.main") == set()


@pytest.mark.parametrize("module", ["exepron_pipeline.sync", "exepron_pipeline.engine"])
def test_the_engine_loads_neither_dagster_nor_pandas(module):
    """The engine is a library first: Dagster and pandas stay at its edges."""
    assert loaded_by(f"import {module}") & {"dagster", "pandas", "starlette"} == set()
