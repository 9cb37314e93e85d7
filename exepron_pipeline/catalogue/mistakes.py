"""Mistakes in a catalogue file as text: file, line, entry, what is wrong, and the cure.

Here: how a mistake is found again in the file and worded. Not here: the rules (``fields.py``,
``model.py``, ``overlay.py``).
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from exepron_pipeline.catalogue.model import Catalogue, Child, Column, EntitySet, Source
from exepron_pipeline.catalogue.yamlfile import Entry, YamlFile
from exepron_pipeline.errors import ConfigurationError

_SHOWN = 10
_NEAR = 0.7  # below it, a name that only shares a word is offered
_LISTS: dict[str, type[BaseModel]] = {"columns": Column, "children": Child, "sources": Source}
_WORDS = {
    "missing": "is missing",
    "string_type": "must be text: put quotes round it",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping of fields",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "too_short": "must not be empty",
}


@dataclass(eq=False)
class Mistake(Exception):  # noqa: N818 # never leaves the package: it becomes a ConfigurationError
    """One thing that is wrong with one entry."""

    entry: Entry
    text: str
    cure: str = ""


def nearest(given: str, valid: Iterable[str]) -> str:
    """A sentence that names the valid name nearest to the given one; empty when none is near."""
    close = difflib.get_close_matches(given, list(valid), n=1, cutoff=_NEAR)
    return f"Did you mean {close[0]}?" if close else ""


def as_error(file: YamlFile, mistakes: list[Mistake]) -> ConfigurationError:
    """The error that tells all mistakes, in the order of the file."""
    placed = sorted({_line(file, mistake): None for mistake in mistakes})
    lines = [f"{file.path}:{number}: {text}" for number, text in placed[:_SHOWN]]
    if len(placed) > _SHOWN:
        lines.append(f"and {len(placed) - _SHOWN} more.")
    return ConfigurationError("\n".join(lines), hint="docs/catalogue.md describes the format.")


def _line(file: YamlFile, mistake: Mistake) -> tuple[int, str]:
    text = f"{'.'.join(mistake.entry) or 'the file'}: {mistake.text}. {mistake.cure}".rstrip()
    return file.line_of(mistake.entry), text


def mistakes_in(error: ValidationError, merged: dict[str, Any]) -> list[Mistake]:
    """What the model refused, told with the names that the file uses.

    Args:
        error: What ``Catalogue.model_validate`` raised.
        merged: The catalogue as mappings by name, from which the model's lists were made.

    """
    mistakes = [(details["type"], _mistake(details, merged)) for details in error.errors(include_url=False)]
    entries = [mistake.entry for _, mistake in mistakes]
    # A list whose items are wrong is told to be empty as well.
    return [item for kind, item in mistakes if kind != "too_short" or not _has_inner(item.entry, entries)]


def _has_inner(entry: Entry, others: list[Entry]) -> bool:
    return any(len(other) > len(entry) and other[: len(entry)] == entry for other in others)


def _mistake(details: ErrorDetails, merged: dict[str, Any]) -> Mistake:
    kind, context = details["type"], details.get("ctx", {})
    entry = _entry(details["loc"], merged)
    if kind == "catalogue":
        cure = nearest(context["given"], context["valid"]) or context["cure"]
        return Mistake((*entry, *context["entry"]), context["text"], cure)
    if kind == "extra_forbidden":
        fields = _fields_beside(details["loc"])
        return Mistake(
            entry, "no such field", nearest(entry[-1], fields) or f"Fields are {', '.join(fields)}."
        )
    if kind == "literal_error":
        valid = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return Mistake(
            entry, f"must be one of {', '.join(valid)}", nearest(str(details["input"]).lower(), valid)
        )
    return Mistake(entry, _WORDS.get(kind, details["msg"].replace("Input should be", "must be", 1)))


def _entry(place: tuple[int | str, ...], merged: dict[str, Any]) -> Entry:
    """Follow the model's place through the mappings: positions become names, unions' tags vanish."""
    entry: list[str] = []
    here: Any = merged
    for depth, part in enumerate(place):
        if isinstance(here, dict) and isinstance(part, int):
            entry.append(list(here)[part])
            here = here[entry[-1]]
        elif isinstance(here, dict) and part == "sources" and "path" in here:
            return (*entry, "path")
        elif isinstance(here, dict) and part in here:
            entry.append(str(part))
            here = here[part]
        elif isinstance(here, list) and isinstance(part, int):
            entry.append(str(part))
            here = here[part] if part < len(here) else None
        elif isinstance(here, dict) and depth == len(place) - 1 and part not in {"name", "[key]"}:
            entry.append(str(part))
    return tuple(entry)


def _fields_beside(place: tuple[int | str, ...]) -> list[str]:
    """The fields that the entry at ``place`` could have been."""
    model: type[BaseModel] = Catalogue if len(place) == 1 else EntitySet
    for name, inner in pairwise(place):
        if isinstance(inner, int):
            model = _LISTS.get(str(name), model)
    added = {EntitySet: ["path"], Catalogue: ["replace"]}.get(model, [])
    taken_from_mapping = set() if model is Source else {"name"}
    return [field for field in model.model_fields if field not in taken_from_mapping] + added
