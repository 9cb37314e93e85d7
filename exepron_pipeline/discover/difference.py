"""A proposed catalogue against the one in use, in lines for a person who is to confirm it. Pure comparison.

Here: what is added, changed and left out. Not here: where a service and a catalogue have come apart (``drift.py``).
"""

from collections.abc import Iterable, Iterator

from exepron_pipeline.catalogue import Catalogue, EntitySet

SHOWN = 6
"""Names in one line; the rest is counted."""


def difference(before: Catalogue | None, after: Catalogue) -> list[str]:
    """Say what saving would do: ``+`` what is added, ``~`` what changes, ``-`` what is left out.

    Args:
        before: The catalogue in use; None when none is.
        after: The proposal.

    """
    old = before.entity_sets if before else {}
    new = after.entity_sets
    gone = [name for name in old if name not in new]
    return [
        *(f"+ {name}: {_summary(each)}" for name, each in new.items() if name not in old),
        *(
            f"~ {name}: {'; '.join(changes)}"
            for name, each in new.items()
            if name in old and (changes := list(_changes(old[name], each)))
        ),
        *([f"- {_names(gone)}"] if gone else []),
    ]


def _summary(each: EntitySet) -> str:
    columns = f"{len(each.columns)} column{'s' * (len(each.columns) > 1)}"
    told = [f"at {_paths(each)}", columns, f"key {', '.join(each.key)}"]
    told.append(f"cursor {each.cursor}" if each.cursor else "read whole")
    told += [] if each.enabled else ["switched off"]
    return ", ".join(told)


def _paths(each: EntitySet) -> str:
    return " or ".join(source.path for source in each.sources) or "no path"


def _changes(old: EntitySet, new: EntitySet) -> Iterator[str]:
    facts = {
        "path": (_paths(old), _paths(new)),
        "key": (", ".join(old.key), ", ".join(new.key)),
        "cursor": (old.cursor or "none", new.cursor or "none"),
        "switched": ("on" if old.enabled else "off", "on" if new.enabled else "off"),
        "records": (_records(old), _records(new)),
    }
    yield from (f"{name} {one} → {other}" for name, (one, other) in facts.items() if one != other)
    before, after = ({column.name: column.type for column in each.columns} for each in (old, new))
    added = [name for name in after if name not in before]
    gone = [name for name in before if name not in after]
    yield from (f"{mark} {_names(names)}" for mark, names in (("+", added), ("-", gone)) if names)
    retyped = [name for name in after if name in before and before[name] != after[name]]
    yield from (f"{name} {before[name]} → {after[name]}" for name in retyped)


def _records(each: EntitySet) -> str:
    return each.envelope.records if each.envelope else "as OData has them"


def _names(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return f"{', '.join(listed[:SHOWN])}{more}"
