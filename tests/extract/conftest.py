from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from exepron_pipeline.catalogue.model import EntitySet
from exepron_pipeline.extract.spool import Spool

TASKS: dict[str, Any] = {
    "name": "tasks",
    "description": "Steps of projects.",
    "evidence": "confirmed",
    "key": ["task_id"],
    "cursor": "last_modified_on",
    "columns": [
        {"name": "task_id", "type": "int", "description": "Key.", "confidence": "H"},
        {"name": "task_name", "type": "text", "description": "Name.", "confidence": "H"},
        {"name": "last_modified_on", "type": "timestamp", "description": "Cursor."},
    ],
    "sources": [
        {"path": "Wide/{accountId}/Tasks"},
        {"path": "Sourced/{accountId}/Tasks", "source": "client", "confidence": "H"},
        {"path": "Projects/{projectId}/Tasks"},
    ],
}
PEOPLE: dict[str, Any] = {
    **TASKS,
    "name": "people",
    "columns": [
        *TASKS["columns"],
        {"name": "phone", "type": "text", "description": "Phone.", "personal": "contact"},
        {"name": "guess", "type": "text", "description": "An inferred column."},
    ],
}


@pytest.fixture(scope="session")
def fake(helper: Callable[[str, str], ModuleType]) -> ModuleType:
    """The service in memory of the tests of ``odata``."""
    return helper("odata", "fake_service")


@pytest.fixture
def tasks() -> EntitySet:
    """An entity set with a cursor, two inferred places and a sourced one."""
    return EntitySet.model_validate(TASKS)


@pytest.fixture
def people() -> EntitySet:
    """The same with a contact column and an inferred one."""
    return EntitySet.model_validate(PEOPLE)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """A spool of its own."""
    return Spool(tmp_path / "state", "load", "tasks", "5")
