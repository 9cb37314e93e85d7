"""A page in the spool, as a value: everything of it but its records. Not here: the files (``spool.py``)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import pyarrow as pa

from exepron_pipeline.odata.page import Envelope, Page
from exepron_pipeline.odata.spans import Key, Span


class Refusal(Protocol):
    """A record that must not land: its key as text, None where it has none or must not be shown, and why."""

    @property
    def key(self) -> str | None:
        """Its key."""

    @property
    def reason(self) -> str:
        """Why; it shows no personal or financial value."""

    @property
    def position(self) -> int:
        """Its place on the page, from 0."""


class Decoded(Page, Protocol):
    """A decoded page, as reading has to know it; see `Page` for its other members."""

    @property
    def table(self) -> pa.Table:
        """The accepted records."""

    @property
    def children(self) -> Mapping[str, pa.Table]:
        """The items of each nested list."""

    @property
    def rejects(self) -> Sequence[Refusal]:
        """The records that must not land."""

    @property
    def hides(self) -> bool:
        """True when its bytes hold what must not be stored."""

    @property
    def unknown(self) -> Mapping[str, str]:
        """Fields outside the contract, each with the type that its values look like."""


@dataclass(frozen=True)
class Refused:
    """A `Refusal` without its record."""

    key: str | None
    reason: str
    position: int


@dataclass(frozen=True)
class Kept:
    """What is known of a page in the spool.

    ``number`` is its place in the read. ``reference`` names its raw bytes, None where they are not kept.
    ``covers`` are the keys that it answers for, None where that is not known. ``sums`` are the check sums of
    its Arrow files, by the names of the nested lists; that of the records is empty. ``unknown`` are fields
    outside the contract, with their types.
    """

    number: int
    reference: str | None
    rows: int
    first_key: Key | None
    last_key: Key | None
    keys_ascending: bool
    envelope: Envelope
    rejects: tuple[Refused, ...]
    covers: Span | None
    sums: Mapping[str, int]
    unknown: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The page as plain values; keys of other than whole numbers and texts are left out, and what it covers."""
        bounds = (self.covers.after, self.covers.upto) if self.covers else (None, None)
        is_plain = all(map(_is_plain, (self.first_key, self.last_key, *bounds)))
        return {
            **vars(self),
            "first_key": self.first_key if is_plain else None,
            "last_key": self.last_key if is_plain else None,
            "envelope": [self.envelope.count, self.envelope.next_link],
            "rejects": [[item.key, item.reason, item.position] for item in self.rejects],
            "covers": bounds if is_plain and self.covers else None,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Rebuild a page.

        Raises:
            KeyError, TypeError: The values are not of one.

        """
        found = dict(values)
        found["first_key"], found["last_key"] = _key(values["first_key"]), _key(values["last_key"])
        found["envelope"] = Envelope(*values["envelope"])
        found["rejects"] = tuple(Refused(*item) for item in values["rejects"])
        found["covers"] = Span(*map(_key, values["covers"])) if values["covers"] else None
        return cls(**found)


def _is_plain(key: Key | None) -> bool:
    """True for keys that JSON gives back as they were."""
    return key is None or all(type(part) in {int, str} for part in key)


def _key(parts: list[Any] | None) -> Key | None:
    return None if parts is None else tuple(parts)
