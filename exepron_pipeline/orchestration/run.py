"""The main job through Dagster, once: refresh every entity set, build the marts, publish the snapshot.

``make run`` calls it. Both jobs run in this process against the instance at ``DAGSTER_HOME``, so that
the Dagster UI shows them afterwards. Here: their order, and what a person at a terminal reads. Not here:
the jobs themselves.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import dagster as dg
from rich.console import Console

from exepron_pipeline.engine import Engine, open_engine
from exepron_pipeline.erasure import apply_policy
from exepron_pipeline.errors import ConfigurationError, ExepronError, understood
from exepron_pipeline.events import Notice, RunReport
from exepron_pipeline.http.redact import redact
from exepron_pipeline.lean import keep_out_pandas
from exepron_pipeline.orchestration.attended import TAGS, attended
from exepron_pipeline.orchestration.definitions import build_defs
from exepron_pipeline.orchestration.failures import UNEXPECTED
from exepron_pipeline.orchestration.outcome import JobFailedError, failure_in
from exepron_pipeline.orchestration.resources import PREVIEW_ROWS
from exepron_pipeline.progress import show_progress
from exepron_pipeline.summary import exit_code, mart_table, problems, run_table

EXAMPLE = "SELECT project_name, status_name, buffer_penetration FROM marts.project_status LIMIT 5"
INTERRUPTED = 130
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""What Dagster would print of each step is in its UI; what went wrong is told in fewer words below."""


def main() -> NoReturn:
    """Run both jobs, print what came of it, and exit with the code of the run."""
    try:
        code = run()
    except KeyboardInterrupt:
        code = _tell("Interrupted.", "What has landed is kept; run it again to go on.", INTERRUPTED)
    except Exception as error:  # noqa: BLE001 # the last one to see it: a person reads a sentence, not a traceback
        code = _tell_of(understood(error))
    sys.exit(code)


def _tell_of(error: Exception) -> int:
    if isinstance(error, ExepronError):
        return _tell(error.message, error.hint, error.exit_code)
    hint = "This is a fault of exepron-pipeline: report it, with what `exepron doctor` shows."
    return _tell(f"Unexpected {type(error).__name__}: {error}", hint, UNEXPECTED)


def run() -> int:
    """Refresh and publish; give the exit code.

    Raises:
        ExepronError: Nothing was started: no instance, no settings, no sign-in.
        KeyboardInterrupt: Somebody stopped it; Dagster has noted so.

    """
    with (
        _instance() as instance,
        attended(instance),
        open_engine(preview_rows=PREVIEW_ROWS) as engine,
    ):
        engine.sign_in()
        apply_policy(engine)
        defs = build_defs(resources={"engine": engine, "service": engine})
        with show_progress(len(engine.catalogue.offered), quiet=False) as engine.listen:
            failures = [_execute(defs, "refresh", instance)]
            if any(report.status == "ok" for report in engine.reports.values()):
                engine.tell(Notice(None, "building the marts, publishing the snapshot"))
                failures.append(_execute(defs, "publish", instance))
        return _show(RunReport(engine.load_id, dict(engine.reports)), failures, engine)


@contextmanager
def _instance() -> Iterator[dg.DagsterInstance]:
    """Give the instance that ``DAGSTER_HOME`` names: without one the run would be seen nowhere."""
    home = os.environ.get("DAGSTER_HOME", "")
    if not Path(home).is_absolute() or not Path(home).is_dir():
        hint = "Use `make run`, or: export DAGSTER_HOME=$PWD/dagster_home"
        raise ConfigurationError("DAGSTER_HOME is not the absolute path of a folder.", hint=hint)
    with dg.DagsterInstance.get() as instance:
        yield instance


def _execute(defs: dg.Definitions, job: str, instance: dg.DagsterInstance) -> JobFailedError | None:
    result = defs.resolve_job_def(job).execute_in_process(
        run_config=QUIET, instance=instance, raise_on_error=False, tags=TAGS
    )
    return failure_in(result)


def _show(report: RunReport, failures: list[JobFailedError | None], engine: Engine) -> int:
    """Print the table, what is wrong, and where to look; give the exit code."""
    refreshed, *published = failures
    Console().print(run_table(report))
    for line in problems(report):
        print(redact(line), file=sys.stderr)
    untold = [failure for failure in [refreshed if report.ok else None, *published] if failure]
    for failure in untold:
        _tell(str(failure), "", failure.exit_code)
    if published and not published[0]:
        Console().print("", mart_table(engine.marts), sep="\n")
        print(f"\nSnapshot: {_short(engine.settings.snapshot_path)}")
        print(f'Try:      {_program()} query "{EXAMPLE}"', flush=True)
    else:
        print("Nothing was published: analysts keep what they had.", file=sys.stderr)
    return max([failure.exit_code for failure in untold], default=0) or exit_code(report)


def _program() -> str:
    """How a shell in this folder calls the program."""
    return _short(Path(sys.executable).parent / "exepron")


def _short(path: Path) -> str:
    whole = Path(os.path.abspath(path))  # noqa: PTH100 # `resolve` would follow the environment's links to Python
    return str(whole.relative_to(Path.cwd())) if whole.is_relative_to(Path.cwd()) else str(whole)


def _tell(message: str, hint: str, code: int) -> int:
    print(redact(f"Error: {message}"), file=sys.stderr)
    if hint:
        print(redact(f"  {hint}"), file=sys.stderr)
    return code


if __name__ == "__main__":
    keep_out_pandas()
    main()
