"""Business tables. Here: one SQL file per table, and how they are built. Not here: who reads them."""

from exepron_pipeline.marts.build import Built, build
from exepron_pipeline.marts.model import MARTS, Mart

__all__ = ["MARTS", "Built", "Mart", "build"]
