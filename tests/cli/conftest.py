from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from exepron_pipeline.sandbox import process


@pytest.fixture(scope="session")
def proxy_kit(helper: Callable[[str, str], ModuleType]) -> ModuleType:
    """The module ``proxy.py`` of ``tests/flow``."""
    return helper("flow", "proxy")


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[process.RunningSandbox]:
    """One sandbox for all tests of the command line: none moves its calendar."""
    with process.start(tmp_path_factory.mktemp("sandbox") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def first_sync(
    sandbox: process.RunningSandbox,
    tmp_path_factory: pytest.TempPathFactory,
    helper: Callable[[str, str], ModuleType],
) -> Any:
    """A lab with an empty folder, and what the program said and did there on its first sync."""
    lab = helper("flow", "lab").Lab(sandbox, tmp_path_factory.mktemp("landed") / "data")
    return lab, lab.exepron("--debug", "sync", "--json")


@pytest.fixture(scope="session")
def landed(first_sync: Any) -> Any:
    """A lab whose data folder holds everything, published; tests leave it as it is."""
    lab, ended = first_sync
    assert ended.returncode == 0, ended.stderr
    lab.publish()
    return lab


@pytest.fixture
def empty(landed: Any, tmp_path: Path) -> Any:
    """The same sandbox with an empty data folder."""
    return type(landed)(landed.sandbox, tmp_path / "data")


@pytest.fixture
def proxy(landed: Any, proxy_kit: ModuleType) -> Iterator[Any]:
    """A proxy in front of the sandbox's API."""
    with proxy_kit.proxy_for(landed.sandbox.api_url) as running:
        yield running


@pytest.fixture
def seen_through(landed: Any, proxy: Any, tmp_path: Path) -> Any:
    """A lab with an empty data folder that sees the API through the proxy."""
    return type(landed)(landed.sandbox, tmp_path / "data", {"EXEPRON_API_URL": proxy.api_url})
