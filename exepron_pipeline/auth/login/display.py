"""Whether a browser can be opened on this machine. Not here: opening it (``flow.py``)."""

import os
import sys


def has_display() -> bool:
    """True where a window can be shown: without one, Python would start a text browser in this terminal."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))
