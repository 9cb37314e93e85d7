"""Runs at a terminal, and what becomes of them when their process is killed: Dagster would show them as under way.

Here: telling the dead from the living, by a lock that dies with its process. Not here: runs that the daemon started,
which Dagster watches itself.
"""

import fcntl
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from exepron_pipeline.orchestration.keys import ATTENDED_TAG

LOCK = "attended.lock"
TAGS = {ATTENDED_TAG: socket.gethostname()}
"""Of the runs of this machine that somebody waits for."""

GOING = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@contextmanager
def attended(instance: dg.DagsterInstance) -> Iterator[None]:
    """Show for the time of the block that a process of this machine attends to runs of this instance."""
    (Path(instance.root_directory) / LOCK).touch()
    end_killed(instance)
    with (Path(instance.root_directory) / LOCK).open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def end_killed(instance: dg.DagsterInstance) -> None:
    """Mark as failed what was attended to here by processes that are gone; as long as one lives, nothing is marked."""
    path = Path(instance.root_directory) / LOCK
    if not path.exists():
        return
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        for run in instance.get_runs(dg.RunsFilter(statuses=GOING, tags=TAGS)):
            instance.report_run_failed(
                run, "The process of this run was killed. What had landed is kept; the next run goes on."
            )
