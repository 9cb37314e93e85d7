"""Reads that were overtaken: another one began later and landed first, so that what it brought is the newer answer.

Here: which loads those are. Not here: what is done with their rows (``staging.py``): they stay.
"""

from duckdb import DuckDBPyConnection

from exepron_pipeline.land.load import Load


def later_loads(con: DuckDBPyConnection, load: Load) -> list[str]:
    """List the loads of the same entity set and account that began after this read did, and have landed.

    Only those that landed while it was under way: by clocks alone a load whose clock was wrong would be later for ever.
    """
    found = con.execute(
        "SELECT DISTINCT load_id FROM ops.loads WHERE entity_set = $entity_set AND account_id = $account "
        "AND status = 'ok' AND started_at > $started AND load_id <> $own "
        "AND ($before IS NULL OR finished_at > $before)",
        {
            "entity_set": load.entity_set.name,
            "account": load.account_id,
            "started": load.started_at,
            "own": load.load_id,
            "before": load.landed_before,
        },
    )
    return [load_id for (load_id,) in found.fetchall()]
