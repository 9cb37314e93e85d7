"""Which property looks like a record's key, where no document says so. Pure; whether it is one, records show."""

import re
from collections.abc import Sequence

from exepron_pipeline.odata.metadata.description import Property

_TYPES = {"Int32", "Int64", "Guid", "String", "Int16"}


def guess_key(set_name: str, properties: Sequence[Property], asked: str = "") -> tuple[str, ...]:
    """Name the property that is most probably the key.

    Args:
        set_name: Such as ``projects`` or ``portfolio_projects``.
        properties: Those of a record.
        asked: Name of the variable by which a single record is asked for, if there is such a path.

    Returns:
        Nothing when no name speaks for itself.

    """
    usable = {
        each.name.lower().replace("_", ""): each.name
        for each in properties
        if each.type in _TYPES and not each.many
    }
    last = re.sub(r"[^a-z0-9]", "", re.split(r"[_/.]", set_name)[-1].lower())
    stems = dict.fromkeys([last, last.removesuffix("s"), last.removesuffix("es"), re.sub("ies$", "y", last)])
    wanted = [
        asked.lower().replace("_", "") if asked else "",
        "id",
        *(f"{stem}id" for stem in stems),
        "key",
        "guid",
        "uuid",
    ]
    return tuple(usable[name] for name in wanted if name in usable)[:1]
