"""What starts a run because something happened: the source changed, or a refresh has ended.

Both only ask for runs, and neither remembers anything: what is published is the memory. Not here: which
runs count as unpublished (``unpublished.py``).
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime

import dagster as dg

from exepron_pipeline.catalogue import Catalogue
from exepron_pipeline.engine import open_engine
from exepron_pipeline.errors import ExepronError
from exepron_pipeline.http.redact import redact
from exepron_pipeline.orchestration.deadline import within
from exepron_pipeline.orchestration.keys import core_key
from exepron_pipeline.orchestration.unpublished import is_loading, unpublished_load
from exepron_pipeline.outlook import Outlook
from exepron_pipeline.settings import load_settings

CHANGE_SECONDS = 300
PUBLISH_SECONDS = 30
ASK_SECONDS = 40
"""Dagster gives a sensor up after 60 seconds, and then tells nobody why."""


def build_sensors(catalogue: Catalogue, prefix: str) -> list[dg.SensorDefinition]:
    """Make `source_changed` and `publish_after_refresh`."""

    @dg.sensor(
        name="source_changed",
        job_name="refresh",
        minimum_interval_seconds=CHANGE_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks each entity set with a cursor for its newest stamp, and refreshes those that moved on.",
    )
    def source_changed(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if is_loading(context.instance):
            return dg.SkipReason("A refresh or reconcile is under way.")
        try:
            moved = within(ASK_SECONDS, find_moved)
        except ExepronError as error:
            return dg.SkipReason(redact(f"Whether the source has changed cannot be told. {error}"))
        if not moved:
            return dg.SkipReason("No entity set has a newer stamp than what is published.")
        offered = [entity_set.name for entity_set in catalogue.offered]
        keys = [core_key(prefix, name) for name in offered if name in moved]
        return dg.RunRequest(run_key=_fingerprint(moved), asset_selection=keys)

    @dg.sensor(
        name="publish_after_refresh",
        job_name="publish",
        minimum_interval_seconds=PUBLISH_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Publishes when a refresh or reconcile has ended, good or partial.",
    )
    def publish_after_refresh(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        run_id = unpublished_load(context.instance, prefix)
        if run_id is None:
            return dg.SkipReason("All that has landed is published.")
        return dg.RunRequest(run_key=f"after-{run_id}")

    return [source_changed, publish_after_refresh]


def find_moved() -> dict[str, datetime]:
    """Ask the service which entity sets have changed since they were last read and published.

    Returns:
        The newest stamp of each that has, by name.

    Raises:
        ExepronError: It cannot be asked, or nothing was published yet that it could be compared with.

    """
    with open_engine(load_settings(timeout=ASK_SECONDS / 4)) as engine:
        outlook = Outlook(engine)
        newest = {entity_set.name: outlook.moved_on(entity_set) for entity_set in engine.catalogue.offered}
    return {name: stamp for name, stamp in newest.items() if stamp}


def _fingerprint(moved: Mapping[str, datetime]) -> str:
    """The same stamps ask for one run only, whatever comes of it."""
    seen = "|".join(f"{name}={stamp.isoformat()}" for name, stamp in sorted(moved.items()))
    return hashlib.sha256(seen.encode()).hexdigest()[:32]
