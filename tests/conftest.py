"""What every test shares: an empty environment, a folder of its own, one depth of property tests."""

import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

FULL = os.environ.get("EXEPRON_TESTS") == "full"

settings.register_profile(
    "short", max_examples=20, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "full", max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("full" if FULL else "short")


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark for long forms."""
    config.addinivalue_line("markers", "full: a long form, run only with EXEPRON_TESTS=full")


WHOLE = ("flow", "orchestration", "third_party", "suite", "cli", "identity", "sandbox")
"""Folders of tests that run the whole program: their files take longest."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the long forms out unless they are asked for; begin with what takes long, so that no core waits at the end."""
    items.sort(key=lambda item: item.path.parent.name not in WHOLE)
    if not FULL:
        for item in items:
            if item.get_closest_marker("full"):
                item.add_marker(pytest.mark.skip(reason="a long form: set EXEPRON_TESTS=full"))


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test starts in an empty folder, with no setting of ours in the environment."""
    for name in [name for name in os.environ if name.startswith("EXEPRON_") and name != "EXEPRON_TESTS"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def helper() -> Callable[[str, str], ModuleType]:
    """Gives a module that is no test from a folder of tests, the same one to all who ask."""
    return load


def load(folder: str, name: str) -> ModuleType:
    """Import ``tests/<folder>/<name>.py``; the tests are no packages."""
    whole = f"tests_{folder}_{name}"
    if whole not in sys.modules:
        spec = importlib.util.spec_from_file_location(whole, Path(__file__).parent / folder / f"{name}.py")
        assert spec
        assert spec.loader
        sys.modules[whole] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[whole])
    return sys.modules[whole]
