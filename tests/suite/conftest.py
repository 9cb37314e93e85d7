from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from exepron_pipeline.sandbox import process


@pytest.fixture(scope="session")
def landed(
    tmp_path_factory: pytest.TempPathFactory, helper: Callable[[str, str], ModuleType]
) -> Iterator[Any]:
    """A lab whose data folder holds everything."""
    with process.start(tmp_path_factory.mktemp("sandbox") / "data") as running:
        lab = helper("flow", "lab").Lab(running, tmp_path_factory.mktemp("landed") / "data")
        assert lab.sync().ok
        yield lab
