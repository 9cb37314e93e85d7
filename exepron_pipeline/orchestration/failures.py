"""How an error of ours fails in Dagster. One lesson: only what may pass by itself is tried again.

Here: the one translation of errors, and when a step is tried again. Not here: the engine's own retries of
single requests. No asset carries a retry policy: with one, Dagster also tries again what somebody has
cancelled.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import dagster as dg

from exepron_pipeline.errors import ExepronError, TransientError, understood
from exepron_pipeline.http.redact import redact, redact_traceback
from exepron_pipeline.orchestration.keys import ATTENDED_TAG

RETRY = dg.RetryPolicy(max_retries=2, delay=30, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL)
"""The engine has retried each request before: this is for longer outages and a busy warehouse."""

EXIT_CODE = "exit_code"
UNEXPECTED = 1


@contextmanager
def failures_told(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Let any error of the block end the step as `raise_failure` does."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 # the last one to see it; the failure carries all of it
        raise_failure(error, context)


def raise_failure(error: Exception | None, context: dg.AssetExecutionContext) -> NoReturn:
    """End a step that failed.

    Args:
        error: Why.
        context: Of the step; when somebody waits for its run, nothing is tried again.

    Raises:
        RetryRequested: The error may pass: the step is tried again, at most twice.
        Failure: It may not, or has not.

    """
    failure = failure_of(error)
    attempt = context.retry_number + 1
    attended = ATTENDED_TAG in context.run.tags
    if isinstance(error, TransientError) and not attended and attempt <= RETRY.max_retries:
        wait = RETRY.calculate_delay(attempt)
        raise dg.RetryRequested(max_retries=RETRY.max_retries, seconds_to_wait=wait) from failure
    raise failure from None  # what Dagster would store of a context is not redacted


def failure_of(error: Exception | None) -> dg.Failure:
    """Say an error in Dagster's terms: what, where and what to do; nothing secret is in it."""
    error = understood(error) if error else None
    known = error if isinstance(error, ExepronError) else None
    metadata: dict[str, Any] = {
        "cause": type(error).__name__,
        EXIT_CODE: known.exit_code if known else UNEXPECTED,
    }
    if known:
        return dg.Failure(redact(str(known)), metadata, allow_retries=False)
    trace = redact_traceback(error) if error else ""
    metadata["traceback"] = dg.MetadataValue.md(f"```\n{trace}\n```")
    text = redact(f"Unexpected {type(error).__name__}: {error}")
    return dg.Failure(text, metadata, allow_retries=False)
