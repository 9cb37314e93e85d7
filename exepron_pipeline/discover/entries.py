"""One described set to one entry of the catalogue, as its YAML has it. Pure.

Not here: the columns (``columns.py``), and the file (``write.py``).
"""

from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from exepron_pipeline.catalogue import Source
from exepron_pipeline.discover.columns import Columns, Plain, columns_of
from exepron_pipeline.discover.names import cursor_rank, unique
from exepron_pipeline.extract.profile import Verdict
from exepron_pipeline.odata.capabilities import Capabilities
from exepron_pipeline.odata.cursor import CursorVerdict
from exepron_pipeline.odata.filter import KeyPart
from exepron_pipeline.odata.metadata.description import DescribedSet
from exepron_pipeline.odata.page import Wrapping

STAMPS = {"timestamp", "date"}


@dataclass
class Finding:
    """One set: what was said of it, what it becomes, and what it was seen to do.

    ``problem`` says why it is not read; ``notes`` are what a person should know besides.
    """

    name: str
    described: DescribedSet
    laid_out: Columns
    capabilities: Capabilities | None = None
    cursor: CursorVerdict | None = None
    problem: str = ""
    notes: list[str] = field(default_factory=list)
    wrapping: Wrapping | None = None
    """How its records are wrapped, where that is no form of OData."""
    verdict: Verdict | None = None
    """What its path answered, as far as that is worth remembering."""
    sampled: int = 0
    """Records that the types were taken from; 0 where a document tells them."""

    @property
    def remarks(self) -> list[str]:
        """The notes, and what the types rest on."""
        return [*self.notes, f"types as {self.sampled} records show them"] if self.sampled else self.notes

    @property
    def envelope(self) -> Plain | None:
        """How its records are wrapped, as the catalogue's YAML has it."""
        own = self.wrapping
        if own is None:
            return None
        named = {
            "records": own.rows,
            "next": next(iter(own.links), None),
            "count": next(iter(own.counts), None),
        }
        return {name: place for name, place in named.items() if place}

    @property
    def key_parts(self) -> tuple[KeyPart, ...]:
        """The key as questions name it."""
        return tuple(self.part(wire) for wire in self.described.key)

    def part(self, wire: str) -> KeyPart:
        """A property as questions name it: its wire name, and the type that its literals follow."""
        column = self.laid_out.columns[self.laid_out.names[wire]]
        return KeyPart(wire, column.get("edm") or column["type"])

    @property
    def is_writable(self) -> bool:
        """True when the catalogue can hold it: with a key, and a path as the catalogue takes paths."""
        names, described = self.laid_out.names, self.described
        return (
            bool(described.key) and all(wire in names for wire in described.key) and _is_path(described.path)
        )

    def candidates(self) -> list[str]:
        """Wire names of stamps that may say when a record changed, the most promising first."""
        columns = self.laid_out.columns
        ranked = [
            (rank, columns[name]["type"] == "date", place, wire)
            for place, (wire, name) in enumerate(self.laid_out.names.items())
            if columns[name]["type"] in STAMPS and (rank := cursor_rank(name)) is not None
        ]
        return [wire for *_, wire in sorted(ranked)]

    def entry(self, tables: dict[str, "Finding"]) -> Plain:
        """The entry in the catalogue's YAML.

        Args:
            tables: All findings by the service's names: references lead to those that are written.

        """
        described, names = self.described, self.laid_out.names
        cursor = names[self.cursor.wire] if self.cursor and self.cursor.works else None
        key = [names[wire] for wire in described.key]
        facts: dict[str, Any] = {
            "description": described.description,
            "key": key if len(key) > 1 else key[0],
            "path": described.path,
            "envelope": self.envelope,
            "cursor": cursor,
            "refresh": None if cursor else "daily",
            "enabled": False if self.problem else None,
            "note": "; ".join([*filter(None, [self.problem]), *self.remarks]) or None,
            "navigation": list(described.navigation) or None,
            "columns": {name: self._referring(name, tables) for name in self.laid_out.columns},
            "children": self.laid_out.children or None,
        }
        return {name: value for name, value in facts.items() if value not in (None, "")}

    def _referring(self, name: str, tables: dict[str, "Finding"]) -> Plain:
        """A column, with what it refers to where that is in the catalogue too."""
        column = self.laid_out.columns[name]
        wire = next(wire for wire, mine in self.laid_out.names.items() if mine == name)
        target, field_ = self.described.references.get(wire, ("", ""))
        other = tables.get(target)
        if other is None or not other.is_writable or field_ not in other.laid_out.names:
            return column
        return {**column, "references": f"{other.name}.{other.laid_out.names[field_]}"}


def lay_out(described: DescribedSet, taken: set[str]) -> Finding:
    """Begin a finding: a name that is not taken yet, columns and children."""
    columns = columns_of(described.properties, described.key)
    finding = Finding(unique(described.name, taken), described, columns, notes=list(columns.problems))
    unnamed = "has a key or a path that cannot stand in a catalogue"
    finding.problem = described.problem or ("" if finding.is_writable else unnamed)
    return finding


def _is_path(path: str) -> bool:
    try:
        Source(path=path)
    except ValidationError:
        return False
    return True
