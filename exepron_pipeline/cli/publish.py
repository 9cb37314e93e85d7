"""``exepron publish``: build the marts, publish the analysts' snapshot and Parquet."""


def publish() -> None:
    """Build the marts, then publish the snapshot and the Parquet files."""
    from exepron_pipeline.cli.console import output
    from exepron_pipeline.engine import open_engine
    from exepron_pipeline.summary import mart_table

    with open_engine() as engine:
        output().print(mart_table(engine.build_marts()))
        published = engine.publish()
    print(f"Snapshot: {published.snapshot} ({len(published.tables)} tables)")
    print(f"Parquet:  {published.parquet}")
