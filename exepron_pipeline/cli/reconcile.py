"""``exepron reconcile``: compare entity sets with the service, find deletions and silent changes."""

from exepron_pipeline.cli.sync import Json, Sets, run_and_show


def reconcile(entity_sets: Sets = None, *, as_json: Json = False) -> None:
    """Compare everything with the service: finds deletions, gaps and stale rows, and heals them."""
    from exepron_pipeline.sync import sync_all

    run_and_show(lambda engine: sync_all(engine, entity_sets or (), mode="reconcile"), as_json=as_json)
