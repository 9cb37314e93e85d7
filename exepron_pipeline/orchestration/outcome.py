"""What came of a job that ran in this process, read from its events. Not here: showing it (``run.py``)."""

import dagster as dg

from exepron_pipeline.http.redact import redact
from exepron_pipeline.orchestration.failures import EXIT_CODE, UNEXPECTED

INTERRUPTED = "UNEXPECTED_TERMINATION"
"""How Dagster calls Ctrl-C and SIGTERM."""


class JobFailedError(Exception):
    """A job failed; what a person should read of it, and the exit code that belongs to it."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def failure_in(result: dg.ExecuteInProcessResult) -> JobFailedError | None:
    """Find the first failure of a job; None when all went well.

    Raises:
        KeyboardInterrupt: It did not fail: somebody stopped it.

    """
    if result.success:
        return None
    run_failure = result.get_run_failure_event().job_failure_data
    if run_failure.failure_reason and run_failure.failure_reason.value == INTERRUPTED:
        raise KeyboardInterrupt
    step = run_failure.first_step_failure_event
    told = step.step_failure_data.user_failure_data if step else None
    if told is not None and told.description:
        code = told.metadata[EXIT_CODE].value if EXIT_CODE in told.metadata else UNEXPECTED
        return JobFailedError(told.description, int(str(code)))
    error = step.step_failure_data.error if step else run_failure.error
    while error and error.cause:
        error = error.cause
    return JobFailedError(redact(error.message.strip() if error else "The job failed."), UNEXPECTED)
