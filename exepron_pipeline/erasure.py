"""Personal data that must be stored nowhere any more: by the policy, or since a person was forgotten.

Here: in what order tables, pages and what is published lose it. Not here: how each does (``land/policy.py``,
``publish/forget``), and keeping it out of what arrives (``decoding.py``).
"""

from exepron_pipeline.engine import Engine
from exepron_pipeline.events import Notice
from exepron_pipeline.extract.spool import drop_pages
from exepron_pipeline.land import policy as landed
from exepron_pipeline.normalise import personal_key
from exepron_pipeline.publish import forget as stored
from exepron_pipeline.publish.forget import Erased
from exepron_pipeline.publish.former import Unfinished, drop_former, write_anew
from exepron_pipeline.publish.snapshot import publish


def apply_policy(engine: Engine) -> None:
    """Bring rows under the policy for personal data, when they landed under another one; nothing of them stays.

    What a run that was killed meanwhile left of them goes too.

    Raises:
        WarehouseError, WarehouseBusyError: The warehouse cannot be used.

    """
    policy, state_dir = engine.settings.personal, engine.settings.state_dir
    key, unfinished = personal_key(state_dir) if policy == "hash" else None, Unfinished(state_dir)
    with engine.warehouse.open("apply EXEPRON_PERSONAL", keep=lambda: True) as connection:
        changed = landed.apply_policy(connection, engine.catalogue, policy, key, unfinished.add)
    vars(engine).pop("before", None)  # its tables have other columns now
    _ = engine.before
    left = unfinished.names()
    if not left:
        return
    columns = "; ".join(f"{name}: {', '.join(each)}" for name, each in changed.items()) or ", ".join(left)
    engine.tell(Notice(None, f"EXEPRON_PERSONAL={policy} is applied to what landed before ({columns})."))
    drop_pages(state_dir, left, ())
    engine.build_marts()
    write_anew(engine.warehouse)
    if engine.settings.snapshot_path.exists():
        engine.publish()
    drop_former(engine.settings.snapshot_path, engine.settings.parquet_dir)
    unfinished.done()


def erase_person(engine: Engine, user_id: str) -> Erased:
    """Erase a person from everything that is stored; analysts get new files, and no former version stays."""
    erased = stored.forget(engine.warehouse, engine.settings, engine.catalogue, user_id)
    if engine.warehouse.exists and engine.settings.snapshot_path.exists():
        engine.build_marts()
        published = publish(engine.warehouse, engine.settings, old_versions=0)
        erased.rewritten += [published.snapshot, published.parquet]
    return erased
