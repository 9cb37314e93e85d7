"""Asset keys, pools and tags: the fixed names. A key tells its table: the last two parts are schema and name."""

import dagster as dg

POOL_API = "exepron_api"
POOL_WAREHOUSE = "exepron_warehouse"

MODE_TAG = "exepron/mode"
"""On runs: ``reconcile`` makes the entity sets reconcile instead of refresh."""

ATTENDED_TAG = "exepron/attended"
"""On runs that somebody waits for at a terminal: a failed step is told at once, not tried again."""


def core_key(prefix: str, entity_set: str) -> dg.AssetKey:
    """Key of the table ``core.<entity_set>``."""
    return dg.AssetKey([prefix, "core", entity_set])


def api_key(prefix: str, entity_set: str) -> dg.AssetKey:
    """Key of the entity set in the service itself."""
    return dg.AssetKey([prefix, "api", entity_set])


def mart_key(prefix: str, mart: str) -> dg.AssetKey:
    """Key of the table ``marts.<mart>``."""
    return dg.AssetKey([prefix, "marts", mart])


def snapshot_key(prefix: str) -> dg.AssetKey:
    """Key of the analysts' snapshot."""
    return dg.AssetKey([prefix, "publish", "snapshot"])
