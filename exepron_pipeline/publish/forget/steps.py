"""Forgetting a person, place by place. Here: the order, in which nothing that is still needed goes first.

Not here: which cells (``erase.py``) and what comes of them again (`exepron_pipeline.normalise.forgotten`).

The list of the forgotten comes first, so that no load brings the person back behind our back. What their values
are is read from all copies before any is changed, and the warehouse, which knows most, is changed last: whoever is
interrupted says the same again.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from exepron_pipeline.catalogue import Catalogue
from exepron_pipeline.catalogue.people import people_in
from exepron_pipeline.errors import ConfigurationError, WarehouseError
from exepron_pipeline.extract.spool import drop_pages
from exepron_pipeline.land.attach import attach
from exepron_pipeline.land.attempts import FILE as LAST_RUNS
from exepron_pipeline.land.sql import text
from exepron_pipeline.land.warehouse import Warehouse, wal_of
from exepron_pipeline.normalise.forgotten import remember_forgotten
from exepron_pipeline.publish.files import copy_file, flush, put_in_place
from exepron_pipeline.publish.forget.erase import Eraser
from exepron_pipeline.publish.forget.traces import forms, values_of
from exepron_pipeline.publish.kept import drop_drafts, list_kept
from exepron_pipeline.publish.replace import ASIDE, replace
from exepron_pipeline.publish.rewrite import copy_database, rewrite
from exepron_pipeline.publish.snapshot import publishing
from exepron_pipeline.settings import Settings


@dataclass
class Erased:
    """What was erased: rows of the warehouse by table, files written anew, files deleted, and raw pages deleted."""

    rows: dict[str, int] = field(default_factory=dict)
    rewritten: list[Path] = field(default_factory=list)
    deleted: list[Path] = field(default_factory=list)
    pages: int = 0

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        files = {"rewritten": list(map(str, self.rewritten)), "deleted": list(map(str, self.deleted))}
        return {"rows": self.rows, **files, "pages": self.pages}


def forget(warehouse: Warehouse, settings: Settings, catalogue: Catalogue, user_id: str) -> Erased:
    """Erase a person from everything in the data folder but what is published: publish anew afterwards.

    Args:
        warehouse: The writer's file.
        settings: Where everything is.
        catalogue: Tells which columns name people.
        user_id: The key of a record of the entity set of people.

    Raises:
        ConfigurationError: The catalogue has no entity set of people.
        WarehouseBusyError: Somebody loads or publishes.
        WarehouseError: A file cannot be written; say the same again.

    """
    people = people_in(catalogue)
    if not people:
        hint = "Name one in the catalogue: users, with personal columns and a key."
        raise ConfigurationError("The catalogue has no entity set of people.", hint=hint)
    snapshot, done = settings.snapshot_path, Erased()
    with publishing(settings.state_dir), warehouse.held("forget"), _problems_told(settings.data_dir):
        drop_drafts(snapshot)
        remember_forgotten(settings.state_dir, user_id)
        whole = warehouse.exists and warehouse.settle()
        kept, aside = list(list_kept(snapshot).values()), _aside(settings.data_dir, done)
        copies = [
            path for path in (*kept, *aside, snapshot, *([warehouse.path] if whole else [])) if path.exists()
        ]
        values = {value for path in copies for value in _values(path, catalogue, user_id)}
        named = [name for name, naming in people.items() if naming.is_person or naming.described]
        done.pages = drop_pages(settings.state_dir, named, [f.encode() for v in values for f in forms(v)])
        _clean_text(settings.state_dir / LAST_RUNS, values)
        for path in (*kept, *aside):
            _rewrite(path, Eraser(catalogue, people, user_id, values))
            done.rewritten.append(path)
        if whole:
            eraser = Eraser(catalogue, people, user_id, values)
            _rewrite_warehouse(warehouse, eraser)
            done.rewritten.append(warehouse.path)
            done.rows = eraser.rows
        shutil.rmtree(warehouse.spill, ignore_errors=True)
    return done


def _values(path: Path, catalogue: Catalogue, user_id: str) -> set[str]:
    with duckdb.connect() as con:
        con.execute(f"ATTACH {text(str(path))} AS looked_at (READ_ONLY); USE looked_at")
        return values_of(con, catalogue, people_in(catalogue), user_id)


def _aside(data_dir: Path, done: Erased) -> list[Path]:
    """Warehouses that a restore put aside; those that are damaged are deleted, since nothing can be erased in them."""
    whole = []
    for path in data_dir.glob(f"{ASIDE}*.duckdb"):
        try:
            with duckdb.connect() as con:
                con.execute(f"{attach(path, 'aside')}; CHECKPOINT aside; DETACH aside")
            whole.append(path)
        except duckdb.Error:
            for remains in (path, wal_of(path)):
                remains.unlink(missing_ok=True)
            done.deleted.append(path)
    return whole


def _rewrite(path: Path, eraser: Eraser) -> None:
    """Erase in a copy of a file, then put that in its place; its times and mode stay."""
    draft = path.with_name(f".{path.name}.draft")
    for remains in path.parent.glob(f"{draft.name}*"):
        remains.unlink()
    copy_file(path, draft)
    rewrite(draft, eraser)
    shutil.copystat(path, draft)
    flush(draft)
    put_in_place(draft, path)


def _rewrite_warehouse(warehouse: Warehouse, eraser: Eraser) -> None:
    """The same with the writer's file, which is held."""
    changed = warehouse.draft.with_name(f"{warehouse.draft.name}.changed")
    copy_file(warehouse.path, changed)
    changed.chmod(0o600)
    copy_database(changed, warehouse.draft, eraser)
    replace(warehouse)


def _clean_text(path: Path, values: set[str]) -> None:
    """Take values out of a text file; other bytes of it stay."""
    if not path.exists():
        return
    before = path.read_text(encoding="utf-8")
    after = before
    for value in sorted(values, key=len, reverse=True):
        for form in forms(value):
            after = after.replace(form, "")
    if after != before:
        draft = path.with_name(f".{path.name}.draft")
        draft.touch(mode=0o600)
        draft.write_text(after, encoding="utf-8")
        put_in_place(draft, path)


@contextmanager
def _problems_told(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, duckdb.Error) as error:
        reason = str(error).partition("\n")[0]
        hint = "Correct that, then say the same again: what was erased stays erased."
        raise WarehouseError(f"Not everything in {folder} could be erased: {reason}.", hint=hint) from error
