"""Arrow to DuckDB: one transaction holds rows, history, tombstones, counts, rejects and watermark.

Here: the writer's file, its tables and what changes them. Not here: where the rows come from
(``extract``, ``normalise``) and what analysts read (``marts``, ``publish``). Read ``landing.py`` first.
"""

from exepron_pipeline.land.landing import land
from exepron_pipeline.land.ledger import read_watermarks
from exepron_pipeline.land.load import Landing, Load, Rejected
from exepron_pipeline.land.source import SourceStamp, check_source
from exepron_pipeline.land.warehouse import Warehouse

__all__ = [
    "Landing",
    "Load",
    "Rejected",
    "SourceStamp",
    "Warehouse",
    "check_source",
    "land",
    "read_watermarks",
]
