"""What analysts get: the snapshot, the same tables as Parquet, and the one way to open them.

Here: copying, leaving out, swapping, reading. Not here: what the tables hold (``land``, ``marts``).
"""

from exepron_pipeline.publish.reader import Reader, open_snapshot
from exepron_pipeline.publish.snapshot import Published, publish

__all__ = ["Published", "Reader", "open_snapshot", "publish"]
