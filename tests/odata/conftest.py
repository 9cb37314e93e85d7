from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def fake(helper: Callable[[str, str], ModuleType]) -> ModuleType:
    """The module ``fake_service.py`` of this folder."""
    return helper("odata", "fake_service")
