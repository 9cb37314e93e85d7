"""Business tables. Here: one SQL file per table, and how they are built. Not here: who reads them."""

from exepron_pipeline.marts.build import Built, build
from exepron_pipeline.marts.model import MARTS, Mart
from exepron_pipeline.marts.quality import Asked

__all__ = ["MARTS", "Asked", "Built", "Mart", "build"]
