"""``$select`` and ``$expand`` out of names with dots. Pure; not here: the other options (``query.py``).

OData 4 nests: ``$expand=manager($select=id;$expand=account)``. Versions before write paths into both
options: ``$expand=manager/account&$select=manager/id``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class _Branch:
    """What is asked for below one navigation property."""

    select: list[str] = field(default_factory=list)
    below: dict[str, "_Branch"] = field(default_factory=dict)


def expand_options(
    select: Iterable[str], expand: Iterable[str], *, nested: bool
) -> tuple[list[str], list[str]]:
    """Write the terms of ``$select`` and ``$expand``.

    Args:
        select: Fields; a dot enters a nested object, or an expanded navigation property.
        expand: Navigation properties; a dot enters one. A term with parentheses is taken as it is.
        nested: True for OData 4.

    """
    root, ready = _Branch(), [term for term in expand if "(" in term]
    for path in expand:
        if path not in ready:
            _open(root, path.split("."))
    fields = [_select(root, name.split("."), nested=nested) for name in select]
    selected = list(dict.fromkeys(name for name in fields if name))
    return selected, [*_terms(root, "", nested=nested), *ready]


def _open(branch: _Branch, path: list[str]) -> None:
    for name in path:
        branch = branch.below.setdefault(name, _Branch())


def _select(root: _Branch, path: list[str], *, nested: bool) -> str | None:
    """The term of ``$select`` at the top for a field; in OData 4 a field of what is expanded has none there."""
    branch, depth = root, 0
    while depth < len(path) - 1 and path[depth] in branch.below:
        branch, depth = branch.below[path[depth]], depth + 1
    if depth == 0:
        return path[0]
    if nested:
        branch.select.append(path[depth])
        return None
    return "/".join(path[: depth + 1])


def _terms(branch: _Branch, above: str, *, nested: bool) -> list[str]:
    if nested:
        return [name + _inner(below) for name, below in branch.below.items()]
    found: list[str] = []
    for name, below in branch.below.items():
        found += _terms(below, f"{above}{name}/", nested=False) or [above + name]
    return found


def _inner(branch: _Branch) -> str:
    options = {
        "$select": ",".join(dict.fromkeys(branch.select)),
        "$expand": ",".join(_terms(branch, "", nested=True)),
    }
    sent = ";".join(f"{name}={value}" for name, value in options.items() if value)
    return f"({sent})" if sent else ""
