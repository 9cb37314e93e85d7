from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from exepron_pipeline.sandbox import process

Row = dict[str, Any]
GONE = {"mode": "reconcile", "evidence": "count", "complete": True, "max_deleted_share": 1}


@pytest.fixture(scope="session")
def scenery(helper: Callable[[str, str], ModuleType]) -> ModuleType:
    """The module ``scene.py`` of ``tests/publish``."""
    return helper("publish", "scene")


@pytest.fixture
def scene(scenery: ModuleType, tmp_path: Path) -> Any:
    """An empty warehouse in a folder of its own."""
    return scenery.Scene(tmp_path)


class Days:
    """A warehouse that is filled day by day of March 2026; project 10 and task 100 where nothing else is said."""

    def __init__(self, scene: Any) -> None:
        self.scene = scene

    def read(self, day: int, entity_set: str, *rows: Row, hour: int = 20, reconcile: bool = False) -> None:
        """Read these records on a day; they changed at its noon. A reconcile finds all others gone."""
        moment = self.moment(day, hour)
        stamped = {"projects", "tasks"}
        usual = {"project_id": 10} | (
            {"last_modified_on": moment.replace(hour=12)} if entity_set in stamped else {}
        )
        self.scene.land(entity_set, [usual | row for row in rows], moment, **(GONE if reconcile else {}))

    def moment(self, day: int, hour: int = 20) -> datetime:
        """An hour of a day."""
        return datetime(2026, 3, day, hour, tzinfo=UTC)

    def project(self, day: int, penetration: float | None = None, **fields: Any) -> None:
        """Read project 10."""
        self.read(day, "projects", {"buffer_penetration": penetration, **fields})

    def tasks(
        self, day: int, *tasks: tuple[int, int | None, int], reconcile: bool = False, **fields: Any
    ) -> None:
        """Read tasks of project 10 on the critical chain: key, remaining and planned duration."""
        names = ("task_id", "remaining_duration", "duration")
        rows = [dict(zip(names, task, strict=True)) | {"is_critical_chain": True, **fields} for task in tasks]
        self.read(day, "tasks", *rows, reconcile=reconcile)

    def mart(self, name: str, *columns: str, where: str = "project_id = 10") -> list[tuple[Any, ...]]:
        """Build, and give the columns of a mart's rows, each after the day of the month."""
        self.scene.build()
        rows = self.scene.rows(f"FROM marts.{name} WHERE {where} ORDER BY ALL")
        rows.sort(key=lambda row: row["day"])
        return [(row["day"].day, *(row[column] for column in columns)) for row in rows]


@pytest.fixture(scope="session")
def day_kit() -> type[Days]:
    """Fills a warehouse day by day; for properties, which need a new one for each example."""
    return Days


@pytest.fixture
def days(scene: Any) -> Days:
    """An empty warehouse, to be filled day by day."""
    return Days(scene)


@pytest.fixture(scope="module")
def new_lab(
    tmp_path_factory: pytest.TempPathFactory, helper: Callable[[str, str], ModuleType]
) -> Iterator[Callable[[], Any]]:
    """Starts a sandbox, and gives it with the data folder that is filled from it."""
    kit = helper("flow", "lab")
    with ExitStack() as stack:

        def start() -> Any:
            running = stack.enter_context(process.start(tmp_path_factory.mktemp("sandbox") / "data"))
            return kit.Lab(running, running.data_dir)

        yield start
