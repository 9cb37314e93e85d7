"""Sentences without values: what is no word of ours, of the catalogue, or of error messages at large, is masked.

Here: error texts, which may quote what a service said of somebody's record. Not here: secrets (``http/redact.py``),
which are hidden everywhere.
"""

import re
from functools import cache

from exepron_pipeline.catalogue import Catalogue
from exepron_pipeline.http.redact import redact

MASK = "…"

_COMMON = """
a about above access accepted account accounts after again against all allowed already an and another answer
answered any api are as ask asked at authentication authorization bad base be because been before below
between body both but by call called can cannot catalogue certificate changed check client closed column
columns complete connect connection contains contract correct could count cut data date decoded deleted
denied did does down each either empty end ended endpoint entity entries error errors every exceeded exist
exists expected expired expression failed field fields file filter find first for forbidden format forms
found from full function gateway gave get given gone granted had has have header headers held host html http
https id if illegal in incoming instead internal into invalid is it its json key keys later least length
less limit line list lists literal longer lost many match maximum may message metadata method minutes
missing more most must name named names needs network never new next no none not nothing null number object
of offered on once one only operation operator option options or order orderby other out outside page pages
parameter parse path paths permission permitted pipeline please policy position project property proxy
provided query quota range rate read record records refused rejected repeated request requested requests
required reset resource response result retry rows same scope second seconds select semantic sent server
service set sets should size skip so some specified status still such supported syntax system table task
text than that the their them then there they this those time timed timeout to token too top tries try twice
type types unable unauthorized unavailable unexpected unknown unprocessable unsupported uri url use used
user users valid value values version was were what when where which while who whole will with within
without wrong xml zone
"""
"""What error messages are made of, in alphabetical order."""
_WORDS = frozenset(_COMMON.split())
_TOKEN = re.compile(r"[^\W\d_][\w$@.'-]*|\d[\w.,:-]*|[^\w\s]|\s+|_\w*", re.UNICODE)
_STATUS = re.compile(r"[1-5]\d\d[.:]?")
_BEFORE_STATUS = {"with", "status", "http"}


def masked(text: str, catalogue: Catalogue) -> str:
    """A message with every other word masked: statuses of HTTP, names of the catalogue, and plain words stay."""
    names = _names(catalogue)
    tokens = _TOKEN.findall(redact(text))
    before = ["", "", *tokens]  # the word before, and the blank between
    pieces = [
        each if word.lower() in _BEFORE_STATUS and _STATUS.fullmatch(each) else _piece(each, names)
        for each, word in zip(tokens, before, strict=False)
    ]
    return re.sub(rf"{MASK}(?:[\s\"'.,:;/@-]*{MASK})+", MASK, "".join(pieces)).strip()


def masked_names(path: str) -> str:
    """A path or name with what is no plain word masked: numbers other than 0 and -1, GUIDs, tokens."""
    return "/".join(each if _is_name(each) else MASK for each in path.split("/"))


def _is_name(segment: str) -> bool:
    plain = re.fullmatch(r"-1|0|v\d+|\{?[A-Za-z_$][\w$.()-]{0,60}\}?|", segment)
    return bool(plain) and sum(mark.isdigit() for mark in segment) * 3 <= max(len(segment), 3)


def _piece(token: str, names: frozenset[str]) -> str:
    if not re.match(r"\w", token):
        return token
    word = token.rstrip(".'-").lower()
    if word in _WORDS or token.rstrip(".") in names or word in names:
        return token
    return MASK


@cache
def _names_of(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[A-Za-z_$][\w$]*", text))


def _names(catalogue: Catalogue) -> frozenset[str]:
    """Names of sets, columns, fields and segments of paths."""
    found: list[str] = []
    for each in catalogue.entity_sets.values():
        found += [each.name, *(source.path for source in each.sources)]
        for column in each.columns:
            wires = column.wire.values() if isinstance(column.wire, dict) else [column.wire or ""]
            found += [column.name, *(wire or "" for wire in wires), column.wire_in("any") or ""]
    return _names_of(" ".join(found))
