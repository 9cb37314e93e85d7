"""The ranges of ``pyproject.toml``: the lock is inside of them, and the oldest versions that they allow work."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WANTED = [Requirement(text) for text in PROJECT["dependencies"]]
LOCKED = dict(
    re.findall(r"^([a-z0-9.-]+)(?:\[.*?\])?==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
)
LOWER = {">=", "~="}


@pytest.mark.parametrize("wanted", WANTED, ids=lambda wanted: wanted.name)
def test_the_lock_is_within_the_range(wanted):
    """What is installed is what the ranges allow."""
    assert LOCKED[wanted.name] in wanted.specifier


@pytest.mark.full
@pytest.mark.timeout(900)
def test_the_oldest_versions_fit_together_and_bring_a_portfolio(tmp_path):
    """With the oldest version of each library that the ranges allow, the main job runs."""
    oldest = [
        f"{wanted.name}=={each.version}"
        for wanted in WANTED
        for each in wanted.specifier
        if each.operator in LOWER
    ]
    assert len(oldest) == len(WANTED)
    python = tmp_path / "old" / "bin" / "python"
    _run(sys.executable, "-m", "venv", tmp_path / "old")
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _run(*pip, *oldest, "hatchling", "editables")
    _run(*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT)
    job = ("exec", "--", python, "-m", "exepron_pipeline.orchestration.run")
    for _ in range(2):
        ended = _run(python, "-m", "exepron_pipeline", "sandbox", *job, DAGSTER_HOME=str(_home(tmp_path)))
    assert "Snapshot:" in ended
    assert "failed" not in ended


def _home(folder: Path) -> Path:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text((ROOT / "dagster_home" / "dagster.yaml").read_text())
    return home


def _run(*command: object, **environment: str) -> str:
    ended = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
