import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def fake() -> ModuleType:
    """The module ``fake_service.py`` of this folder."""
    path = Path(__file__).parent / "fake_service.py"
    spec = importlib.util.spec_from_file_location("fake_service", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["fake_service"] = module
    spec.loader.exec_module(module)
    return module
