"""Names for what a service calls as it likes: snake_case, unique among their kind. Pure functions."""

import re
from collections.abc import Collection
from itertools import pairwise

from exepron_pipeline.catalogue.naming import column_name

_MODIFIED = {
    "modified",
    "updated",
    "changed",
    "change",
    "modification",
    "update",
    "modstamp",
    "edited",
    "revised",
}
_NOT_WHEN = {"by", "user", "name", "created", "count"}

_CONTACT = {"address", "street", "phone", "telephone", "mobile", "fax", "zip", "postcode", "postal"}
_NAME = {"email", "mail", "firstname", "lastname", "surname", "username"}
_NAME_PAIRS = {
    ("first", "name"),
    ("last", "name"),
    ("user", "name"),
    ("full", "name"),
    ("given", "name"),
    ("family", "name"),
}
_SEMANTICS = {"email": "name", "tel": "contact", "phone": "contact", "street": "contact", "zip": "contact"}


def unique(wire: str, taken: Collection[str]) -> str:
    """Turn a service's name into one of ours that is not taken yet; a number at the end tells equals apart."""
    name = column_name(wire)
    number = 2
    while name in taken:
        name = f"{column_name(wire)}_{number}"
        number += 1
    return name


def singular(name: str) -> str:
    """Name one item of a list: ``tags`` becomes ``tag``, what is no plural ``value``."""
    return name[:-1] if re.search(r"[^s]s$", name) else "value"


def cursor_rank(name: str) -> int | None:
    """How much a column's name speaks of the last change, 0 the most; None when it does not speak of one."""
    words = name.split("_")
    if not _MODIFIED.intersection(words) or _NOT_WHEN.intersection(words):
        return None
    return 0 if "last" in words else 1


def personal_kind(name: str, semantics: str) -> str | None:
    """Whether a column holds a person's name or contact data, by what a vocabulary or its name says."""
    words = name.split("_")
    if semantics.partition(";")[0] in _SEMANTICS:
        return _SEMANTICS[semantics.partition(";")[0]]
    if _CONTACT.intersection(words):
        return "contact"
    if _NAME.intersection(words) or any(pair in _NAME_PAIRS for pair in pairwise(words)):
        return "name"
    return None
