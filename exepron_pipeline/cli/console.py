"""Where a verb prints: as wide as the terminal, and wide enough for whole lines where there is none."""

import sys

from rich.console import Console

WIDTH_OF_FILES = 200


def output() -> Console:
    """Give the console of standard output."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_FILES)


def errors() -> Console:
    """Give the console of standard error: for what is no result."""
    return Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else WIDTH_OF_FILES)
