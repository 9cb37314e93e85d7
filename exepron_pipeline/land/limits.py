"""How much of the machine DuckDB may take where whole tables are read or written. Not here: doing so."""

import os

THREADS = 4
"""At most: each has rows of its own at hand, and with 16 a load of a million rows found no room for them."""
BESIDES, FOR_EACH = 64, 64
"""MB of memory, and more of it for each thread. Beyond that temporary files are used; what DuckDB does not count comes to
some 100 MB more."""


def limits(memory: str | None = None) -> dict[str, str | int | float | list[str]]:
    """DuckDB's configuration: 192 MB on two cores.

    Args:
        memory: Another limit, such as ``160MB``.

    """
    threads = min(THREADS, os.cpu_count() or 1)
    return {"memory_limit": memory or f"{BESIDES + FOR_EACH * threads}MB", "threads": threads}
