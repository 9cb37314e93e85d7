"""People who were forgotten stay so: what comes of them again is blanked before it is stored anywhere.

Here: the list of them, which holds keyed hashes of their ids and nothing else, and blanking a page. Not here:
which columns name people (`exepron_pipeline.catalogue.people`), and erasing what is stored (``publish/forget/``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from exepron_pipeline.auth.private import unusable, write_private
from exepron_pipeline.catalogue.model import EntitySet
from exepron_pipeline.catalogue.people import Naming
from exepron_pipeline.errors import WarehouseError
from exepron_pipeline.normalise.personal import hashed, personal_key
from exepron_pipeline.normalise.records import Items, Records

FILE = "forgotten.json"


@dataclass(frozen=True)
class Forgotten:
    """The people who were forgotten in a data folder; false when nobody was."""

    hashes: frozenset[str] = frozenset()
    key: bytes = b""

    @classmethod
    def read(cls, state_dir: Path) -> "Forgotten":
        """Read the list.

        Raises:
            WarehouseError: It is damaged.

        """
        path = state_dir / FILE
        try:
            hashes = frozenset(json.loads(path.read_text(encoding="utf-8"))["users"])
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, KeyError, TypeError):
            hint = "Restore it from a backup; without it, people who were forgotten come back."
            raise WarehouseError(f"{path} cannot be read.", hint=hint) from None
        return cls(hashes, personal_key(state_dir))

    def among(self, ids: pa.Array) -> pa.Array:
        """Which of these ids are theirs: true or false for each."""
        found = pc.is_in(hashed(ids, self.key), value_set=pa.array(sorted(self.hashes), pa.string()))
        return pc.fill_null(found, fill_value=False)

    def __bool__(self) -> bool:
        return bool(self.hashes)


def remember_forgotten(state_dir: Path, user_id: str) -> None:
    """Put a user on the list.

    Raises:
        WarehouseError: The list is damaged, or the disk does not take it.

    """
    known = Forgotten.read(state_dir)
    [own] = hashed(pa.array([user_id]), personal_key(state_dir)).to_pylist()
    path = state_dir / FILE
    try:
        write_private(path, json.dumps({"users": sorted(known.hashes | {own})}, indent=1))
    except OSError as error:
        raise unusable(path, error) from error


@dataclass(frozen=True)
class Blanking:
    """Blanks what the pages of an entity set say of forgotten people."""

    entity_set: EntitySet
    naming: Naming
    forgotten: Forgotten

    def __call__(self, records: Records) -> tuple[Records, bool]:
        """Blank a page's records; tell whether any of them is about such a person."""
        masks = self._masks(self.naming, records.columns)
        concerned = _any(list(masks.values()), records.count)
        lists = {name: self._items(name, items, concerned) for name, items in records.lists.items()}
        hides = pc.any(concerned).as_py() or any(lists[name] is not records.lists[name] for name in lists)
        if not hides:
            return records, False
        columns = {name: _blank(column, self._mask(name, masks)) for name, column in records.columns.items()}
        extra = _blank(records.extra, concerned)
        return replace(records, columns=columns, extra=extra, lists=lists), True

    def _masks(self, naming: Naming, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        return {name: self.forgotten.among(columns[name]) for name in naming.ids if name in columns}

    def _mask(self, column: str, masks: dict[str, pa.Array]) -> pa.Array | None:
        """In which records a column is blanked: all but key and cursor where the record is the person."""
        if self.naming.is_person:
            kept = {*self.entity_set.key, self.entity_set.cursor}
            return None if column in kept else masks[self.entity_set.key[0]]
        own = [masks[name] for name in self.naming.described.get(column, ()) if name in masks]
        return _any(own, len(own[0])) if own else None

    def _items(self, child: str, items: Items, concerned: pa.Array) -> Items:
        """Drop the items of people; in other lists blank what names them."""
        of_record = concerned.take(items.parents)
        naming = self.naming.lists[child]
        if self.naming.is_person:
            if not pc.any(of_record).as_py():
                return items
            kept = pc.invert(of_record)
            columns = {name: column.filter(kept) for name, column in items.columns.items()}
            return Items(items.parents.filter(kept), columns)
        masks = self._masks(naming, items.columns)
        blanked = {
            name: _any([masks[each] for each in ids if each in masks], len(items.parents))
            if ids
            else of_record
            for name, ids in naming.described.items()
        }
        if not any(pc.any(mask).as_py() for mask in blanked.values()):
            return items
        columns = {name: _blank(column, blanked.get(name)) for name, column in items.columns.items()}
        return Items(items.parents, columns)


def _any(masks: list[pa.Array], count: int) -> pa.Array:
    found = pa.repeat(pa.scalar(False), count)  # a value, not an argument
    for mask in masks:
        found = pc.or_(found, mask)
    return found


def _blank(column: pa.Array, mask: pa.Array | None) -> pa.Array:
    return column if mask is None else pc.if_else(mask, pa.scalar(None, column.type), column)
