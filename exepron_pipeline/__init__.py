"""exepron-pipeline: every entity set of an Exepron account in DuckDB and Parquet."""

__version__ = "0.1.0"
