"""Progress of a run on a terminal: a bar for each entity set, or plain lines where nobody watches.

Here: listeners of the engine's events. Not here: the final table (``summary.py``).
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from exepron_pipeline.events import Event, Listener, Notice, PageFetched, SyncReport


@contextmanager
def show_progress(total: int, *, quiet: bool) -> Iterator[Listener]:
    """Give a listener that shows a run of ``total`` entity sets on standard error."""
    if quiet:
        yield _only_notices
    elif sys.stderr.isatty():
        with _bars() as progress:
            yield _Bars(progress, total)
    else:
        yield _line


def _bars() -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _only_notices(event: Event) -> None:
    if isinstance(event, Notice):
        _say(_text(event))


def _line(event: Event) -> None:
    if isinstance(event, SyncReport):
        _say(f"{event.entity_set}: {event.status}, {event.fetched} fetched, {event.seconds:.1f} s")
    else:
        _only_notices(event)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 # showing is what this module is for


def _text(event: Notice) -> str:
    return f"{event.entity_set}: {event.text}" if event.entity_set else event.text


class _Bars:
    """One bar for the run, one line for the entity set that is being read."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.progress = progress
        self.run: TaskID = progress.add_task("entity sets", total=total)
        self.current: TaskID = progress.add_task("", total=None, visible=False)
        self.records: Counter[str] = Counter()

    def __call__(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, PageFetched):
            self.records[event.entity_set] += event.records
            self.progress.update(
                self.current,
                description=event.entity_set,
                completed=self.records[event.entity_set],
                total=event.source_count,
                visible=True,
            )
        elif isinstance(event, SyncReport):
            self.progress.advance(self.run)
        elif isinstance(event, Notice):
            self.progress.console.print(_text(event), markup=False)
