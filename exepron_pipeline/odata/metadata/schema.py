"""The pieces of a CSDL document as they are written, whether in XML or in JSON. Here: values and looking up names.

Not here: reading either form (``csdl_xml.py``, ``csdl_json.py``), and what the pieces mean together
(``resolve.py``). Names of types are qualified by namespace or alias, as the document writes them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

_COLLECTION = re.compile(r"(?:Collection|Bag)\((.*)\)")

Kind = Literal["entity", "complex", "enum", "definition"]


@dataclass
class WrittenProperty:
    """A property, with the type's name as it is written."""

    name: str
    type: str
    many: bool = False
    nullable: bool = True
    precision: int | None = None
    scale: int | None = None
    description: str = ""
    semantics: str = ""
    is_day: bool = False
    """True for a stamp that an annotation calls a mere day."""


@dataclass
class WrittenNavigation:
    """A navigation property: the type it leads to, and which of our properties hold that record's key."""

    name: str
    type: str
    contained: bool = False
    constraints: dict[str, str] = field(default_factory=dict)


@dataclass
class WrittenType:
    """A type of any kind; ``underlying`` is that of a definition, with its facets."""

    kind: Kind
    base: str = ""
    key: tuple[str, ...] = ()
    properties: list[WrittenProperty] = field(default_factory=list)
    navigation: list[WrittenNavigation] = field(default_factory=list)
    underlying: WrittenProperty | None = None
    description: str = ""


@dataclass
class WrittenSet:
    """An entity set or a singleton; ``bindings`` name the set that a navigation leads to."""

    name: str
    path: str
    type: str
    single: bool = False
    bindings: dict[str, str] = field(default_factory=dict)
    description: str = ""


@dataclass
class Schema:
    """Everything of one document."""

    types: dict[str, WrittenType] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    sets: list[WrittenSet] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    """Functions and actions that the service offers beside its sets."""
    notes: dict[str, str] = field(default_factory=dict)
    """Descriptions given elsewhere than at their target, by target (``Namespace.Type/property``)."""

    def qualify(self, name: str) -> str:
        """Write a type's name with its namespace instead of an alias."""
        prefix, _, local = name.rpartition(".")
        return f"{self.aliases.get(prefix, prefix)}.{local}" if prefix else name

    def type(self, name: str) -> WrittenType | None:
        """Find a type; None when the document does not hold it."""
        return self.types.get(self.qualify(name))

    def note(self, target: str) -> str:
        """Find the description that is given for a target elsewhere."""
        return self.notes.get(self.qualify_target(target), "")

    def qualify_target(self, target: str) -> str:
        """Write an annotation's target with the namespace instead of an alias."""
        head, slash, rest = target.partition("/")
        return self.qualify(head) + slash + rest

    def lineage(self, name: str) -> list[tuple[str, WrittenType]]:
        """The type and what it derives from, the root first; a circle ends where it begins."""
        found: dict[str, WrittenType] = {}
        name = self.qualify(name)
        while name not in found and (here := self.types.get(name)):
            found[name] = here
            name = self.qualify(here.base)
        return list(reversed(found.items()))

    def derived(self, name: str) -> list[tuple[str, WrittenType]]:
        """Types that derive from one, nearest first; a circle ends where it begins."""
        found: dict[str, WrittenType] = {}
        waiting = [self.qualify(name)]
        for ancestor in waiting:
            for other in self._by_base.get(ancestor, ()):
                if other not in found and other != waiting[0]:
                    found[other] = self.types[other]
                    waiting.append(other)
        return list(found.items())

    def only_set_of(self, type_name: str) -> str:
        """The one set of a type; empty when there is none, or more than one."""
        names = self._sets_by_type.get(self.qualify(type_name), [])
        return names[0] if len(names) == 1 else ""

    # -- once everything is written down ---------------------------------------------------------------

    @cached_property
    def _by_base(self) -> dict[str, list[str]]:
        return _grouped((self.qualify(each.base), name) for name, each in self.types.items() if each.base)

    @cached_property
    def _sets_by_type(self) -> dict[str, list[str]]:
        return _grouped((self.qualify(each.type), each.name) for each in self.sets)


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def split_collection(type_name: str) -> tuple[str, bool]:
    """Take ``Collection(...)`` off a type's name; tell whether it was there."""
    match = _COLLECTION.fullmatch(type_name.strip())
    return (match[1].strip(), True) if match else (type_name.strip(), False)


def number(text: object) -> int | None:
    """Read a facet: None for ``max``, ``variable``, ``floating`` and whatever is no number."""
    return int(str(text)) if re.fullmatch(r"\d{1,4}", str(text)) else None
