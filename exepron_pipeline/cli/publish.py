"""``exepron publish``: build the marts, publish the analysts' snapshot and Parquet."""


def publish() -> None:
    """Build the marts, then publish the snapshot and the Parquet files."""
    from exepron_pipeline.engine import open_engine

    with open_engine() as engine:
        for name, built in engine.build_marts().items():
            lacking = f" (the service lacks {', '.join(built.missing)})" if built.missing else ""
            print(f"marts.{name}: {built.rows:,} rows{lacking}")
        published = engine.publish()
    print(f"Snapshot: {published.snapshot} ({len(published.tables)} tables)")
    print(f"Parquet:  {published.parquet}")
