import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from exepron_pipeline.sandbox import process

HELPERS = Path(__file__).parents[1] / "flow"


def helper(name: str) -> ModuleType:
    """A module of ``tests/flow`` that is no test."""
    spec = importlib.util.spec_from_file_location(f"exepron_{name}", HELPERS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A lab whose data folder holds everything."""
    with process.start(tmp_path_factory.mktemp("sandbox") / "data") as running:
        lab = helper("lab").Lab(running, tmp_path_factory.mktemp("landed") / "data")
        assert lab.sync().ok
        yield lab
