from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="session")
def scenery(helper: Callable[[str, str], ModuleType]) -> ModuleType:
    """The module ``scene.py`` of ``tests/publish``."""
    return helper("publish", "scene")


@pytest.fixture
def scene(scenery: ModuleType, tmp_path: Path) -> Any:
    """An empty warehouse in a folder of its own."""
    return scenery.Scene(tmp_path)


@pytest.fixture(scope="session")
def original(scenery: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The sample, landed, built and published once; for tests that only read."""
    return scenery.Scene.published(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def sample(original: Any, tmp_path: Path) -> Any:
    """A copy of it that a test may change."""
    return original.copy(tmp_path)
