"""Assembly: everything Dagster knows of this project, in one place. No logic belongs here.

``defs`` is what ``workspace.yaml`` loads. `build_defs` is for other people's deployments: another key
prefix, other resources.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.land.attempts import read_attempts
from exepron_pipeline.orchestration.assets import build_entity_set_asset, build_source_spec
from exepron_pipeline.orchestration.jobs import build_jobs
from exepron_pipeline.orchestration.marts import build_mart_assets, build_snapshot_asset
from exepron_pipeline.orchestration.resources import engine, service
from exepron_pipeline.orchestration.schedules import build_schedules
from exepron_pipeline.orchestration.sensors import build_sensors
from exepron_pipeline.settings import load_settings


def build_defs(*, key_prefix: str = "exepron", resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Make the definitions anew.

    Args:
        key_prefix: First part of every asset key.
        resources: Replacements by name: ``engine`` (an `Engine`, or what gives one), and ``service``, the
            same engine after signing in.

    Raises:
        ConfigurationError: A setting or the catalogue is wrong.

    """
    settings = load_settings()
    catalogue = load_catalogue(settings.catalogue)
    attempts = read_attempts(settings.state_dir)
    everything = dg.Definitions(
        assets=[
            *(build_source_spec(entity_set, key_prefix) for entity_set in catalogue.offered),
            *(
                build_entity_set_asset(
                    entity_set, key_prefix, personal=settings.personal, priority=-place, attempts=attempts
                )
                for place, entity_set in enumerate(catalogue.offered)
            ),
            build_mart_assets(catalogue, key_prefix, attempts),
            build_snapshot_asset(catalogue, key_prefix),
        ],
        schedules=build_schedules(catalogue, key_prefix, settings.calendar_zone or "UTC"),
        sensors=build_sensors(catalogue, key_prefix),
        resources={"engine": engine, "service": service, **(resources or {})},
        executor=dg.in_process_executor,
    )
    return dg.Definitions.merge(build_jobs(key_prefix), everything)


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of this deployment; nothing happens at import."""
    return build_defs()
