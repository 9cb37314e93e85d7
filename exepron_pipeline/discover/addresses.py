"""Addresses that people copy, as paths of a catalogue: what is general in them, without what is anybody's.

Here: dropping queries, users and tokens, and telling variables from words. Pure. Not here: asking whether such a path
answers (``discovery.py``). A segment that is no plain word never leaves this module: it becomes a variable, or a
wildcard.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from exepron_pipeline.catalogue.fields import PATH_VARIABLES
from exepron_pipeline.catalogue.naming import column_name
from exepron_pipeline.discover.names import singular

ALL = "-1"
"""In place of an id: all of them. The only habit of Exepron's paths that is known."""

_OWNERS = {
    "accountId": {"account", "tenant", "company", "organization", "organisation", "customer"},
    "userId": {"user", "member", "me"},
    "projectId": {"project"},
}
_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_.$-]*")
_VERSION = re.compile(r"v\d+(\.\d+)*", re.IGNORECASE)
_IN_PARENTHESES = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)\((.*)\)")
_LONGEST_WORD = 40
_TOKEN = 20
"""A word this long with digits in it is a token, not a name."""
_FULL_NAME = re.compile(r"(?!.*\.(?:svc|json|xsodata|ashx|php|api)$)[a-z][a-z-]*(?:\.[a-z][a-z-]*)+")
"""A person's, such as the user name anna.berg; names of types and actions have capitals, those of files an ending."""
_NOT_LISTS = {"$metadata", "$batch"}
_NUMBERED = 0.25


@dataclass(frozen=True)
class Way:
    """One path below the base, and what to put for variables that only an address has told."""

    path: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Named:
    """One list that addresses name: the ways to read it, the widest first."""

    name: str
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class Addresses:
    """What came of a number of addresses; ``elsewhere`` counts those of other hosts, by host."""

    lists: tuple[Named, ...]
    elsewhere: Mapping[str, int]


def read_addresses(urls: Iterable[str], base_url: str, known: Mapping[str, str]) -> Addresses:
    """Turn addresses into lists.

    Args:
        urls: Whole addresses, of whatever host, or paths below the base.
        base_url: The API's base address.
        known: Our own ``accountId`` and ``userId``, as far as they are known.

    """
    elsewhere: Counter[str] = Counter()
    segments: dict[tuple[str, ...], None] = {}
    for url in urls:
        below = _below(url.strip(), base_url)
        if below is None:
            elsewhere[_host(url)] += 1
        elif below and not _NOT_LISTS & set(below):
            segments.setdefault(below)
    values = _differing(segments)
    found: dict[str, Named] = {}
    for each in segments:
        named = _named(each, values, known)
        if named:
            found.setdefault(named.ways[0].path.casefold(), named)
    return Addresses(tuple(found.values()), dict(elsewhere))


def _below(url: str, base_url: str) -> tuple[str, ...] | None:
    """Segments below the base; None for an address that cannot be matched onto it."""
    base = urlsplit(base_url)
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme and parts.scheme not in {"http", "https"}:
        return None
    path = list(_segments(parts.path))
    root = [each for each in base.path.split("/") if each]
    if not host:
        if root and "." in "".join(path[:1]) and _begins(path[1:], root):
            path = path[1:]  # a host without its scheme
        return tuple(path[len(root) :] if _begins(path, root) else path)
    if host == base.hostname and _begins(path, root):
        return tuple(path[len(root) :])
    places = range(len(path) - len(root) + 1) if root else range(0)
    place = next((place for place in places if _begins(path[place:], root)), None)
    return None if place is None else tuple(path[place + len(root) :])


def _segments(path: str) -> list[str]:
    """The words of a path, without sessions, without a query that was encoded or lost its question mark, without dots."""
    found: list[str] = []
    for each in path.split("/"):
        word, *query = re.split(r"[;?&#]", unquote(each), maxsplit=1)
        if word == "..":
            found = found[:-1]
        elif word not in {"", "."}:
            found.append(word)
        if query and not each.count(";"):
            break
    return found


def _begins(path: list[str], root: list[str]) -> bool:
    return [each.casefold() for each in path[: len(root)]] == [each.casefold() for each in root]


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    return host if re.fullmatch(r"[A-Za-z0-9.-]{1,253}", host) else "an address without a host"


def _is_value(segment: str) -> bool:
    """True for what is no word: a number, a GUID, a token, a name with blanks, an address of mail."""
    if _VERSION.fullmatch(segment):
        return False
    digits = sum(mark.isdigit() for mark in segment)
    is_token = len(segment) >= _TOKEN and (digits > 0 or segment.startswith("eyJ"))
    is_numbered = digits > len(segment) * _NUMBERED
    if _FULL_NAME.fullmatch(segment):
        return True
    return not _WORD.fullmatch(segment) or is_token or is_numbered or len(segment) > _LONGEST_WORD


def _differing(paths: Iterable[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Beginnings of paths that end with a value: where several words differ in nothing but digits, they are values."""
    shapes: dict[tuple[str, ...], set[str]] = {}
    for path in paths:
        for place, segment in enumerate(path):
            if any(mark.isdigit() for mark in segment) and not _VERSION.fullmatch(segment):
                shape = re.sub(r"\d+", "0", segment)
                shapes.setdefault((*path[:place], shape, *path[place + 1 :]), set()).add(segment)
    many = {shape for shape, seen in shapes.items() if len(seen) > 1}
    return {
        path[: place + 1]
        for path in paths
        for place, segment in enumerate(path)
        if any(mark.isdigit() for mark in segment)
        and (*path[:place], re.sub(r"\d+", "0", segment), *path[place + 1 :]) in many
    }


def _named(path: tuple[str, ...], values: set[tuple[str, ...]], known: Mapping[str, str]) -> Named | None:
    """Tell what is variable in one path; a last value is one record's, whose list is above it."""
    written: list[str] = []
    told: dict[str, str] = {}
    own = known.get("accountId"), known.get("userId")
    for place, segment in enumerate(path):
        word, value = _parted(segment)
        if value is None and (_is_value(word) or word in own or path[: place + 1] in values):
            variable = _variable(written, word, known)
            written.append(f"{{{variable}}}")
            told.setdefault(variable, word)
        elif value is None:
            written.append(word)
        else:
            variable = _variable([*written, word], value, known)
            written.append(f"{word}({{{variable}}})")
            told.setdefault(variable, value)
    while (
        written and written[-1].endswith(("}", ")", "$count", "$value")) and told.get(_last(written)) != ALL
    ):
        last = written.pop()
        if "(" in last:
            written.append(last.partition("(")[0])
    words = [each for each in written if not each.startswith("{")]
    if not words:
        return None
    return Named(_name(words[-1].partition("(")[0]), tuple(_ways(written, told, known)))


def _last(written: list[str]) -> str:
    found = re.search(r"\{(\w+)\}\)?$", written[-1])
    return found[1] if found else ""


def _parted(segment: str) -> tuple[str, str | None]:
    """A word and the key behind it in parentheses, as OData writes keys."""
    found = _IN_PARENTHESES.fullmatch(segment)
    return (found[1], found[2].strip("'")) if found else (segment, None)


def _variable(before: list[str], value: str, known: Mapping[str, str]) -> str:
    """Name what stands behind a word: by the word, or by whose id it is."""
    word = next((each for each in reversed(before) if not each.startswith("{")), "")
    stem = _stem(word)
    for name, owners in _OWNERS.items():
        if stem in owners:
            return name
    mine = next((name for name, id_ in known.items() if id_ == value), None)
    return mine or f"{stem or 'record'}Id"


def _stem(word: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9]", "", word.partition("(")[0])
    name = column_name(plain).split("_")[-1]
    one = re.sub(r"ies$", "y", name) if name.endswith("ies") else singular(name)
    return name if one == "value" else one


def _name(word: str) -> str:
    """What a list is called: without the verbs that some services put in front."""
    return re.sub(r"^(Get|List|Fetch)(All|List)?(?=[A-Z])", "", word) or word


def _ways(written: list[str], told: Mapping[str, str], known: Mapping[str, str]) -> Iterable[Way]:
    """All at once where that may work, else one by one."""
    text = "/".join(written)
    mine = {name for name in ("accountId", "userId") if known.get(name)}
    ours = {name: value for name, value in told.items() if f"{{{name}}}" in text and name not in mine}
    for name in ("accountId", "userId"):
        if name in ours and ours[name] in {ALL, "0"}:  # everybody's, or mine: not to be told by an id
            text, ours = text.replace(f"{{{name}}}", ours[name]), {k: v for k, v in ours.items() if k != name}
    others = [name for name in ours if name not in {"accountId", "userId"}]
    wide = text
    for name in others:
        wide = wide.replace(f"{{{name}}}", ALL)
    yield Way(wide, {name: value for name, value in ours.items() if name not in others})
    if others and all(name in PATH_VARIABLES for name in others) and ALL not in ours.values():
        yield Way(text, ours)
