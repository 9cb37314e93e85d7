"""What an asset's description says of this account: how its last attempt ended, and what a mart is without.

Here: words, from the last attempts as they were when the definitions were loaded. Not here: the figures of a run
(``metadata.py``), and each column's share (``marts.data_quality``).
"""

from collections.abc import Mapping
from typing import Any

from exepron_pipeline.marts import Mart

Attempts = Mapping[str, Mapping[str, Any]]

_STANDS = {
    "ok": "it is read",
    "not_offered": "this service does not offer it, as far as its paths are known: the table stays empty",
    "not_permitted": "this user may not see it: the table stays as it is",
    "failed": "the last attempt to read it failed",
}
_SHORT = {"not_offered": "not offered", "not_permitted": "not permitted", "failed": "failed"}


def of_entity_set(description: str, name: str, attempts: Attempts) -> str:
    """The description of an entity set, and how it stands in this account."""
    last = attempts.get(name)
    stands = _STANDS.get(str(last["status"])) if last else "it was never asked for"
    on = f", on {str(last['finished_at'])[:10]}" if last and stands else ""
    return f"{description}\n\nIn this account{on}: {stands}." if stands else description


def of_mart(mart: Mart, attempts: Attempts) -> str:
    """The description of a mart, and which of its inputs are not there in this account."""
    states = {name: _SHORT.get(str(attempts[name]["status"])) for name in mart.depends_on if name in attempts}
    absent = [f"{name} ({state})" for name, state in states.items() if state]
    told = f"In this account it is built without {', '.join(absent)}." if absent else ""
    where = "What of it is filled, estimated or absent: `marts.data_quality`."
    return "\n\n".join(filter(None, [mart.description, told, where]))
