from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from exepron_pipeline.sandbox import process


@pytest.fixture(scope="session")
def lab_kit(helper: Callable[[str, str], ModuleType]) -> ModuleType:
    """The module ``lab.py``."""
    return helper("flow", "lab")


@pytest.fixture(scope="session")
def proxy_kit(helper: Callable[[str, str], ModuleType]) -> ModuleType:
    """The module ``proxy.py``."""
    return helper("flow", "proxy")


@pytest.fixture(scope="session")
def other_kit(helper: Callable[[str, str], ModuleType]) -> ModuleType:
    """The module ``other_service.py``."""
    return helper("flow", "other_service")


@pytest.fixture(scope="session")
def proxy_for(proxy_kit: ModuleType) -> Callable[[str], AbstractContextManager[Any]]:
    """Runs a proxy in front of an API."""
    return proxy_kit.proxy_for  # type: ignore[no-any-return]  # a module that was loaded by its path


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[process.RunningSandbox]:
    """A sandbox with a folder of its own."""
    with process.start(tmp_path_factory.mktemp("sandbox") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def lab(lab_kit: ModuleType, sandbox: process.RunningSandbox) -> Any:
    """The sandbox with the data folder that is its own."""
    return lab_kit.Lab(sandbox, sandbox.data_dir)


@pytest.fixture
def empty_lab(lab_kit: ModuleType, sandbox: process.RunningSandbox, tmp_path: Path) -> Any:
    """The sandbox with an empty data folder."""
    return lab_kit.Lab(sandbox, tmp_path / "data")
