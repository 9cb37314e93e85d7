"""The Dagster resources: adapters that hand the engine to assets and close it after the run.

``engine`` opens an engine and sends nothing; ``service`` is the same engine after signing in. Only what a
run's steps ask for is made: publishing needs no service, and a refresh without sign-in starts no step.
"""

from collections.abc import Iterator
from functools import partial

import dagster as dg

from exepron_pipeline.engine import Engine, open_engine
from exepron_pipeline.erasure import apply_policy
from exepron_pipeline.errors import TransientError
from exepron_pipeline.events import Event, Notice
from exepron_pipeline.orchestration.failures import failure_of

PREVIEW_ROWS = 5
NO_RUN_RETRY = {"dagster/max_retries": "0"}


@dg.resource(description="The engine of the pipeline, made from the settings of the process that runs it.")
def engine(context: dg.InitResourceContext) -> Iterator[Engine]:
    """Open the engine for one run.

    It takes no configuration: settings come from the environment, ``.env`` and ``exepron.toml`` when a
    run starts, so that no value of theirs is ever stored by Dagster.
    """
    del context
    with open_engine(preview_rows=PREVIEW_ROWS) as opened:
        yield opened


@dg.resource(
    required_resource_keys={"engine"},
    description="The engine, signed in. When that fails no step starts, and no password is tried a second time.",
)
def service(context: dg.InitResourceContext) -> Engine:
    """Sign in once for all entity sets of a run."""
    opened: Engine = context.resources.engine
    run = context.run
    if run is None or context.instance is None or context.log is None:
        raise dg.DagsterInvariantViolationError("The service is only offered to runs.")
    opened.listen = partial(_log_notice, context.log)
    try:
        opened.sign_in()
        apply_policy(opened)
    except Exception as error:  # noqa: BLE001 # any reason not to start is told in the same way
        if not isinstance(error, TransientError):
            context.instance.add_run_tags(run.run_id, NO_RUN_RETRY)
        raise failure_of(error) from None
    return opened


def _log_notice(log: dg.DagsterLogManager, event: Event) -> None:
    """Nobody watches a scheduled run: what an operator should know is in its log."""
    if isinstance(event, Notice):
        log.warning(f"{event.entity_set}: {event.text}" if event.entity_set else event.text)
