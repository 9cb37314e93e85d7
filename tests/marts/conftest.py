import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="session")
def scenery() -> ModuleType:
    """The module ``scene.py`` of ``tests/publish``."""
    path = Path(__file__).parents[1] / "publish" / "scene.py"
    spec = importlib.util.spec_from_file_location("scene", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["scene"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def scene(scenery: ModuleType, tmp_path: Path) -> Any:
    """An empty warehouse in a folder of its own."""
    return scenery.Scene(tmp_path)
