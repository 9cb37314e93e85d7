"""A warehouse that a test fills by landing records, at instants of its choice. Not here: expectations."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from exepron_pipeline.catalogue import Catalogue, load_catalogue
from exepron_pipeline.land.landing import land
from exepron_pipeline.land.load import Landing, Load
from exepron_pipeline.land.warehouse import Warehouse
from exepron_pipeline.marts import Built, build
from exepron_pipeline.normalise.contract import columns_of, page_schema
from exepron_pipeline.publish.snapshot import Published, publish
from exepron_pipeline.settings import Settings

PERSONAL = "contact-dropped"
STAMP = datetime(2026, 3, 1, 8, tzinfo=UTC)
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
SAMPLE: dict[str, list[dict[str, Any]]] = {
    "accounts": [{"account_id": 7, "account_name": "Bridges Ltd"}],
    "users": [{"user_id": 1, "first_name": "Ada", "last_name": "Byron", "user_name": "ada"}],
    "project_groups": [{"project_group_id": 4, "project_group_name": "North"}],
    "projects": [
        {
            "project_id": 10,
            "project_name": "Bridge",
            "status_code": 3,
            "status_name": "Started",
            "project_manager_id": 1,
            "project_group_id": 4,
            "buffer_penetration": 40.0,
            "early_warning": 0.5,
            "early_warning_status": "Green",
            "risk_quotient": 1.25,
            "project_due_date": datetime(2026, 6, 1, tzinfo=UTC),
            "last_modified_on": STAMP,
        },
        {"project_id": 11, "project_name": "Tunnel", "status_name": "Planning", "last_modified_on": STAMP},
    ],
    "tasks": [
        {"task_id": 100, "project_id": 10, "duration": 5, "remaining_duration": 0, "last_modified_on": STAMP},
        {"task_id": 101, "project_id": 10, "duration": 8, "remaining_duration": 8, "last_modified_on": STAMP},
        {"task_id": 102, "project_id": 10, "duration": 4, "remaining_duration": 2, "last_modified_on": STAMP},
    ],
    "buffers": [
        {
            "buffer_id": 1,
            "project_id": 10,
            "buffer_type": "Project",
            "buffer_size": 10,
            "buffer_remaining": 6,
        },
        {"buffer_id": 2, "project_id": 10, "buffer_type": "Feeding", "buffer_size": 3, "buffer_remaining": 3},
    ],
}


class Scene:
    """A data folder, its warehouse and settings."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.settings = Settings(data_dir=folder / "data", **settings)
        self.warehouse = Warehouse(self.settings.warehouse_path, self.settings.state_dir)
        self.catalogue: Catalogue = load_catalogue(self.settings.catalogue)
        self.loads = 0

    @classmethod
    def published(cls, folder: Path, **settings: Any) -> "Scene":
        """The sample, landed at `NOON`, built and published."""
        scene = cls(folder, **settings)
        scene.land_sample(NOON)
        scene.build()
        scene.publish()
        return scene

    def copy(self, folder: Path) -> "Scene":
        """The same in another folder, as if it had been made there."""
        shutil.copytree(self.settings.data_dir, folder / "data", symlinks=True)
        other = Scene(folder)
        other.loads = self.loads
        return other

    def land(self, entity_set: str, rows: list[dict[str, Any]], at: datetime, **load: Any) -> Landing:
        """Land ``rows`` of an entity set as if they had been read and landed at ``at``."""
        self.loads += 1
        found = self.catalogue.entity_sets[entity_set]
        account = load.pop("account_id", "7")
        schema = page_schema(found, PERSONAL)
        names = schema.names
        page = [
            {"_account_id": account, **dict.fromkeys(set(names) - {"_account_id"}), **row} for row in rows
        ]
        loaded = Load(
            **{"load_id": f"load-{self.loads:03}", "mode": "full", "account_id": account, **load},
            entity_set=found,
            columns=columns_of(found, PERSONAL),
            started_at=at,
            tables=[pa.Table.from_pylist(page, schema=schema)],
            fetched=len(rows),
        )
        with self.warehouse.open("test") as con:
            return land(con, loaded, clock=lambda: at)

    def land_sample(self, at: datetime, *names: str) -> None:
        """Land the sample, or only the entity sets that are named."""
        for name in names or SAMPLE:
            self.land(name, SAMPLE[name], at)

    def build(self, zone: str = "UTC") -> dict[str, Built]:
        """Build the marts."""
        with self.warehouse.open("test") as con:
            return build(con, calendar_zone=zone)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Ask the warehouse."""
        with self.warehouse.open("test") as con:
            found: list[dict[str, Any]] = con.sql(sql).to_arrow_table().to_pylist()
            return found

    def execute(self, sql: str) -> None:
        """Change the warehouse."""
        with self.warehouse.open("test") as con:
            con.execute(sql)

    def publish(self, keep: int = 0) -> Published:
        """Publish the warehouse as it is."""
        return publish(self.warehouse, self.settings, keep=keep)
