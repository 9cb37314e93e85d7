"""The literals and functions of OData 2 and 3, rewritten as OData 4 before parsing, or refused.

Here belongs the text of a ``$filter`` or ``$orderby`` before it is parsed. Not here: its meaning
(``translate.py``). Vendors' clients of several ages send ``datetime'...'``, ``1.5M`` or ``substringof``;
the parser knows version 4 only. Quoted text is never touched. A service of one version refuses what the
other one has, as the measured servers do.
"""

import re
from functools import partial
from typing import Literal

from exepron_pipeline.sandbox.refusals import BadQuery

Form = Literal["version 3", "version 4"]

EVERY: frozenset[Form] = frozenset({"version 3", "version 4"})
"""All forms are taken, as by a library that is lenient."""

SUBSTRINGOF = "v3.substringof"
"""The name under which ``substringof(part, whole)`` passes the parser, which knows no such function."""

_STAMP = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,12})?)?(?:Z|[+-]\d{2}:\d{2})?)?", re.IGNORECASE
)
_GUID = re.compile(r"[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}", re.IGNORECASE)
_QUOTED_FORMS = {"datetime": _STAMP, "datetimeoffset": _STAMP, "guid": _GUID}

_TOKEN = re.compile(
    r"""
      (?P<form>\b(?:datetimeoffset|datetime|guid))'(?P<content>[^']*)'  # OData 3: prefix and quotes
    | '(?:[^']|'')*'                                                    # quoted text stays as it is
    | (?P<stamp>(?<![\w-])\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2})?)?)(?![\w-])  # OData 4: bare
    | \b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b                      # a GUID may end like a number
    | (?<![\w.])(?P<number>-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?P<suffix>[mlfd])\b
    | \b(?P<function>substringof)(?=\()
    | \b(?P<negation>not)(?=\()                                         # ASP.NET needs no blank here
    | (?P<in>\bin\s*\()(?P<item>\s*(?:'(?:[^']|'')*'|[^\s'(),]+)\s*)\)  # the parser wants a comma
    | \b(?P<modern>contains|now|date|in)(?=\s*\()                       # OData 4 only
    """,
    re.IGNORECASE | re.VERBOSE,
)


def modernise(text: str, forms: frozenset[Form] = EVERY) -> str:
    """The same expression in OData 4.

    Raises:
        BadQuery: a quoted form does not hold what its prefix says, or is of a version that is not taken.
    """
    return _TOKEN.sub(partial(_rewrite, forms), text).strip()


def _rewrite(forms: frozenset[Form], token: re.Match[str]) -> str:
    parts = token.groupdict()
    _refuse_other_version(forms, token)
    if parts["form"]:
        return _unquoted(parts["form"].lower(), parts["content"])
    if parts["number"]:
        return parts["number"]
    if parts["function"]:
        return SUBSTRINGOF
    if parts["negation"]:
        return "not "
    if parts["in"]:
        return f"{parts['in']}{modernise(parts['item'], forms)},)"
    return token.group()


_VERSIONS: dict[str, Form] = {
    "form": "version 3", "suffix": "version 3", "function": "version 3",
    "stamp": "version 4", "modern": "version 4", "in": "version 4",
}  # fmt: skip


def _refuse_other_version(forms: frozenset[Form], token: re.Match[str]) -> None:
    for part, form in _VERSIONS.items():
        if token[part] and form not in forms:
            raise BadQuery(f"Syntax error: '{token.group()[:80]}' is OData {form}, which is not spoken here.")


def _unquoted(form: str, content: str) -> str:
    if not _QUOTED_FORMS[form].fullmatch(content):
        raise BadQuery(f"Unrecognized '{form}' literal '{content}'.")
    return content
