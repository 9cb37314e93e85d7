"""Which columns name people, and by which id one knows whom: what forgetting a person goes by.

Here: that, derived from a catalogue. Not here: blanking values (``normalise/forgotten.py``,
``publish/forget/``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from exepron_pipeline.catalogue.model import Catalogue, Column, EntitySet

_USERS = "users"
_ENDINGS = ("_id", "_user")


@dataclass(frozen=True)
class Naming:
    """How the rows of an entity set, or of one of its nested lists, name people.

    ``ids`` are the columns that hold the id of a user. ``is_person`` is True when a row is a person: the whole key
    is such an id. ``described`` maps each personal column to the ids of which one says whose value it is.
    """

    ids: tuple[str, ...]
    is_person: bool = False
    described: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists: Mapping[str, "Naming"] = field(default_factory=dict)


def people_in(catalogue: Catalogue) -> dict[str, Naming]:
    """How each entity set names people; those that hold no id of a user are not among them.

    Without an entity set of people there are none. It is ``users``, or else one that others refer to and that
    has personal columns.
    """
    users = _users(catalogue)
    if users is None:
        return {}
    found = {each.name: _naming(each, users) for each in catalogue.entity_sets.values()}
    return {name: naming for name, naming in found.items() if naming.ids or any(_ids_below(naming))}


def _users(catalogue: Catalogue) -> EntitySet | None:
    sets = catalogue.entity_sets
    referred = [
        column.references.partition(".")[0]
        for each in sets.values()
        for column in each.columns
        if column.references
    ]
    names = [_USERS, *sorted(referred, key=referred.count, reverse=True)]
    candidates = (sets[name] for name in names if name in sets)
    return next((each for each in candidates if len(each.key) == 1 and _personal(each.columns)), None)


def _naming(entity_set: EntitySet, users: EntitySet) -> Naming:
    ids = _ids(entity_set.columns, users)
    is_person = len(entity_set.key) == 1 and entity_set.key[0] in ids
    lists = {
        child.name: Naming(own := _ids(child.columns, users), described=_described(child.columns, own))
        for child in entity_set.children
    }
    return Naming(ids, is_person, {} if is_person else _described(entity_set.columns, ids), lists)


def _ids(columns: Sequence[Column], users: EntitySet) -> tuple[str, ...]:
    [key] = users.key
    target = f"{users.name}.{key}"
    return tuple(
        column.name
        for column in columns
        if column.references == target or (column.name == key and column.references is None)
    )


def _ids_below(naming: Naming) -> list[tuple[str, ...]]:
    return [each.ids for each in naming.lists.values()]


def _personal(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns if column.personal]


def _described(columns: Sequence[Column], ids: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """``manager_name`` belongs to ``manager_id``; where no name fits, any of the ids may be meant."""
    found = {}
    for name in _personal(columns):
        fitting = [each for each in ids if name.startswith(_stem(each))]
        longest = max(fitting, key=lambda each: len(_stem(each)), default=None)
        found[name] = (longest,) if longest else ids
    return found


def _stem(name: str) -> str:
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return f"{name}_"
