"""How late records came: SQL that derives it from ``history`` and ``ops.loads``. Not here: judging it (``cli/ladder``).

A record is late when it first came with a stamp older than the watermark that was then in force. Values that moved
without their stamp are not late, nor are stamps that went back.
"""

from exepron_pipeline.catalogue import EntitySet
from exepron_pipeline.land.sql import INSTANT, name, same, text


def lateness_sql(entity_set: EntitySet) -> str:
    """SQL: one row with the entity set, how many records came late, and the greatest lateness in ``hours``.

    Args:
        entity_set: One with a cursor, whose history there is.

    """
    cursor = name(entity_set.cursor or "")
    history, key = name("history", entity_set.name), (*entity_set.key, "_account_id")
    behind = f"epoch(l.watermark_before) - epoch(CAST(h.{cursor} AS {INSTANT}))"
    return (
        f"SELECT {text(entity_set.name)} AS entity_set, count(*) AS records, max({behind}) / 3600 AS hours "
        f"FROM {history} h JOIN ops.loads l ON l.load_id = h._load_id AND l.account_id = h._account_id "
        f"AND l.entity_set = {text(entity_set.name)} "
        f"WHERE h._op <> 'delete' AND h._valid_to IS NULL AND h.{cursor} < l.watermark_before AND NOT EXISTS ("
        f"SELECT 1 FROM {history} f WHERE {same(key, 'f', 'h')} AND f.{cursor} >= h.{cursor} "
        f"AND f._known_from < h._known_from)"
    )
